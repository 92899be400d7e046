/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "subject.h"

/*
 * What runs of the same command, one after the other, saw of the same processes: a file
 * between them. It is of this boot and this version of memclass, whole or not there.
 */
struct history {
	uint64_t samples;		/* that were taken in all */
	uint64_t begun_ns;		/* when the first was, on the clock of now */
	uint64_t last_ns;
};

/*
 * Restores those that were watched to @subjects, which are empty. What cannot be used is
 * as if it were not there: of another boot or version. Return: false when it is damaged
 * or cannot be read, which was complained about.
 */
bool history_load(const char *path, struct history *history, struct subjects *subjects);

/* Return: false when it could not be written, which was complained about. */
bool history_save(const char *path, const struct history *history,
		  const struct subjects *subjects);

#endif /* HISTORY_H */
