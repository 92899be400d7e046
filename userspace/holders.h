/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOLDERS_H
#define HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "objects_source.h"

/* A process that has an object. */
struct holder {
	pid_t pid;
	char comm[17];
	bool maps;
	bool has_descriptor;
};

struct holders {
	struct holder *all;		/* in the order of their pids */
	size_t count;
};

/*
 * Finds out who has the objects: an array of as many as there are, in their order. To
 * be followed by holders_free(). NULL: there is no memory, as has been said.
 */
struct holders *holders_find(const struct objects *objects);
void holders_free(struct holders *holders, size_t count);

#endif /* HOLDERS_H */
