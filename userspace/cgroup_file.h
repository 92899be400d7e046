/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CGROUP_FILE_H
#define CGROUP_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A memory cgroup: where the hierarchy that it belongs to is mounted, and its path there. */
struct cgroup_place {
	bool v2;
	char *mount;
	char *path;			/* "" for the root, else beginning with / */
};

/*
 * Return: false when there is none, or its hierarchy is not mounted. Otherwise
 * cgroup_place_free() ends what begins here. A process is looked for in the hierarchy that
 * v1 has for @controller, then in that of v2; a path in that of v2, then in that of v1's
 * memory controller.
 */
bool cgroup_place_of_process(struct cgroup_place *place, pid_t pid, const char *controller);
bool cgroup_place_of_path(struct cgroup_place *place, const char *path);
void cgroup_place_free(struct cgroup_place *place);

/*
 * Is the process in @group, or below it, in any hierarchy? People can write the group with
 * or without slashes around it, or as a directory of the file system.
 */
bool cgroup_has_process(const char *group, pid_t pid);
bool cgroup_is_below(const char *path, const char *group);

/* "/sys/fs/cgroup/a" is "/a", and the root "". */
const char *cgroup_without_mount(const char *path);

/* The memory cgroup that a process is in, or that of v2; free() it. NULL: there is none. */
char *cgroup_path(pid_t pid);

/*
 * The number in a file of @cgroup, in the hierarchy of @place.
 *
 * Return: false where there is no such file, or no number in it: "max".
 */
bool cgroup_file_number(const struct cgroup_place *place, const char *cgroup,
			const char *file, uint64_t *number);

#endif /* CGROUP_FILE_H */
