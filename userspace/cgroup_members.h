/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CGROUP_MEMBERS_H
#define CGROUP_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Which process is in which cgroup, at about the same time. */
struct cgroup_members {
	char **paths;			/* from the mount on; "/" for the root */
	size_t count;
	struct cgroup_member {
		pid_t pid;
		size_t cgroup;		/* index of its path */
	} *members;			/* in the order of their pids */
	size_t nr_members;
};

/*
 * Of the hierarchy that has the memory controller, or of v2. Return: false when there is
 * none or it cannot be read, which was complained about. Otherwise cgroup_members_free()
 * ends what begins here.
 */
bool cgroup_members_read(struct cgroup_members *members);
void cgroup_members_free(struct cgroup_members *members);

/* Return: the index of the path of the cgroup that @pid is in, or -1. */
ssize_t cgroup_members_find(const struct cgroup_members *members, pid_t pid);

#endif /* CGROUP_MEMBERS_H */
