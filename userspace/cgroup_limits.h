/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CGROUP_LIMITS_H
#define CGROUP_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* A figure of the cgroup file system; a limit that is not set is none. */
struct figure {
	bool known;
	uint64_t value;
};

struct cgroup_limits {
	struct figure current;
	struct figure limit;
	struct figure high;
	struct figure swap_current;
	struct figure swap_limit;
	struct figure headroom;		/* to the nearest limit, its own or one above it */
};

/* @parent: of the cgroup above, or NULL. */
void cgroup_limits_read(struct cgroup_limits *limits, const char *path,
			const struct cgroup_limits *parent);

#endif /* CGROUP_LIMITS_H */
