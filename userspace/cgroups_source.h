/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CGROUPS_SOURCE_H
#define CGROUPS_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "source.h"

/* A memory cgroup: what the processes in it have, without those of the ones below. */
struct cgroup {
	uint64_t inode;			/* of its directory */
	uint64_t parent;		/* the same; 0: it is the root */
	char *path;
	uint64_t processes;
	struct counts total;
	size_t nr_classes;
	struct class_counts *classes;
};

/* Parents come before their children. */
struct cgroups {
	struct cgroup *all;
	size_t count;
};

/* OK has to be followed by cgroups_free(). */
enum status cgroups_read(const struct request *request, struct cgroups *cgroups);
void cgroups_free(struct cgroups *cgroups);

#endif /* CGROUPS_SOURCE_H */
