/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CGROUP_LIMITS_H
#define CGROUP_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup_file.h"
#include "headroom.h"

/* What a cgroup can be limited in; the names are those of its files. */
enum cgroup_limit {
	CGROUP_MEMORY_MAX,
	CGROUP_MEMORY_HIGH,
	CGROUP_SWAP_MAX,
	CGROUP_PIDS_MAX,
	CGROUP_V1_MEMORY,
	CGROUP_V1_MEMORY_AND_SWAP,
	NR_CGROUP_LIMITS
};

/* A figure of the cgroup file system; a limit that is not set is none. */
struct figure {
	bool known;
	uint64_t value;
};

/* What stands in the files of one cgroup. */
struct cgroup_limits {
	struct {
		struct figure used;
		struct figure max;
	} of[NR_CGROUP_LIMITS];
	uint64_t files;			/* cached, can be dropped; read when a limit needs it */
};

/* Of the cgroup with this path below the mount of @place. */
void cgroup_limits_read(struct cgroup_limits *limits, const struct cgroup_place *place,
			const char *path);

/* Adds those that are set. */
void cgroup_limits_add(const struct cgroup_limits *limits, const char *path,
		       struct headroom *headroom);

/* Adds those of all cgroups that a process is in, up to the root. */
void cgroup_limits_of_process(struct headroom *headroom, pid_t pid);

#endif /* CGROUP_LIMITS_H */
