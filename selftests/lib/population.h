/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that never hold still: they fork, exec, end, map, unmap, move and make
 * threads all the time, with pids that are soon another's.
 */
#ifndef SELFTESTS_POPULATION_H
#define SELFTESTS_POPULATION_H

#include <stdbool.h>
#include <stdint.h>

#include "memclass.h"

/*
 * For main(), before anything else: some of them become this program anew. Does not
 * return then.
 */
void population_main(int argc, char **argv);

/* Forks all of them; they end with the caller. Return: false with errno. */
bool population_start(unsigned int seed);

/*
 * Some of them say by their name what memory they have, and since when.
 *
 * @asked_ns: when the reader began
 * @checked: whether it is one of them, and was before that
 * Return: NULL, or in what way it is another process's.
 */
const char *population_fault(const struct memclass_record *record, uint64_t asked_ns,
			     bool *checked);

#endif /* SELFTESTS_POPULATION_H */
