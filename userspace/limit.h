/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LIMIT_H
#define LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "growth.h"

/* What growth runs into first. */
struct limit {
	char name[64];
	uint64_t room;			/* bytes, mappings or threads */
	double seconds;			/* until it is used up at this rate */
};

/*
 * Of process @pid, or of the machine alone when that is 0.
 *
 * Return: false when nothing limits what @finding is about, or it does not grow.
 */
bool limit_nearest(pid_t pid, const struct growth_finding *finding, struct limit *limit);

/* The path of the control group that @pid is in; false: there is none, or no room. */
bool limit_cgroup_of(pid_t pid, char *path, size_t size);

#endif /* LIMIT_H */
