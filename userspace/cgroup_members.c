// SPDX-License-Identifier: GPL-2.0
/*
 * Asking each cgroup for its processes takes a fraction of what it takes to ask each process
 * for its cgroup: there are fewer of them.
 */
#include "cgroup_members.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_file.h"
#include "say.h"

/* Deeper than any that people make: who goes on makes them to do harm. */
#define DEPTH_MAX	64

/* Powers of two: it is made larger when one is reached. */
static void *make_room(void *list, size_t count, size_t size)
{
	if (count & (count - 1))
		return list;
	return reallocarray(list, count ? 2 * count : 1, size);
}

static bool add_member(struct cgroup_members *members, pid_t pid)
{
	struct cgroup_member *more = make_room(members->members, members->nr_members, sizeof(*more));

	if (!more)
		return false;
	members->members = more;
	more[members->nr_members++] = (struct cgroup_member) { pid, members->count - 1 };
	return true;
}

/* Takes over @path. */
static bool add_path(struct cgroup_members *members, char *path)
{
	char **more = path ? make_room(members->paths, members->count, sizeof(*more)) : NULL;

	if (!more) {
		free(path);
		return false;
	}
	members->paths = more;
	more[members->count++] = path;
	return true;
}

/* A number a line, of those processes that can be seen from here; the others are 0. */
static bool parse_pids(struct cgroup_members *members, const char *text, size_t size, int *pid)
{
	for (; size--; text++) {
		if (*text >= '0' && *text <= '9') {
			*pid = *pid * 10 + *text - '0';
			continue;
		}
		if (*pid && !add_member(members, *pid))
			return false;
		*pid = 0;
	}
	return true;
}

/* Return: false, out of memory. One that was removed meanwhile has no processes. */
static bool read_pids(struct cgroup_members *members, int directory)
{
	int fd = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	bool parsed = true;
	char text[8192];
	ssize_t got;
	int pid = 0;

	if (fd < 0)
		return true;
	while (parsed && (got = read(fd, text, sizeof(text))) > 0)
		parsed = parse_pids(members, text, got, &pid);
	close(fd);
	return parsed;
}

static char *path_below(const char *path, const char *name)
{
	char *below;

	return asprintf(&below, "%s/%s", strcmp(path, "/") ? path : "", name) < 0 ? NULL : below;
}

static bool read_cgroup(struct cgroup_members *members, int directory, char *path,
			unsigned int depth);

static bool read_below(struct cgroup_members *members, int directory, size_t parent,
		       unsigned int depth)
{
	DIR *entries = fdopendir(directory);
	const struct dirent *entry;
	bool read = true;
	int fd;

	if (!entries) {
		close(directory);
		return errno != ENOMEM;
	}
	while (read && (entry = readdir(entries))) {
		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, ".."))
			continue;
		fd = openat(dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			read = read_cgroup(members, fd,
					   path_below(members->paths[parent], entry->d_name), depth);
	}
	closedir(entries);
	return read;
}

/* Takes over @directory and @path. A cgroup has a link for each one below it. */
static bool read_cgroup(struct cgroup_members *members, int directory, char *path,
			unsigned int depth)
{
	size_t index = members->count;
	struct stat stat_of;

	if (!add_path(members, path) || !read_pids(members, directory)) {
		close(directory);
		return false;
	}
	if (depth < DEPTH_MAX && !fstat(directory, &stat_of) && stat_of.st_nlink > 2)
		return read_below(members, directory, index, depth + 1);
	close(directory);
	return true;
}

static int compare(const void *left, const void *right)
{
	const struct cgroup_member *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static bool read_mount(struct cgroup_members *members, const char *mount)
{
	int fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		say_error("cannot read %s: %s", mount, strerror(errno));
		return false;
	}
	if (read_cgroup(members, fd, strdup("/"), 0))
		return true;
	say_error("out of memory");
	return false;
}

bool cgroup_members_read(struct cgroup_members *members)
{
	struct cgroup_place place;
	bool read;

	*members = (struct cgroup_members) { 0 };
	if (!cgroup_place_of_process(&place, getpid(), "memory")) {
		say_error("there are no cgroups, or they are not mounted");
		return false;
	}
	read = read_mount(members, place.mount);
	cgroup_place_free(&place);
	if (!read)
		cgroup_members_free(members);
	else if (members->nr_members)
		qsort(members->members, members->nr_members, sizeof(*members->members), compare);
	return read;
}

void cgroup_members_free(struct cgroup_members *members)
{
	size_t i;

	for (i = 0; i < members->count; i++)
		free(members->paths[i]);
	free(members->paths);
	free(members->members);
	*members = (struct cgroup_members) { 0 };
}

ssize_t cgroup_members_find(const struct cgroup_members *members, pid_t pid)
{
	struct cgroup_member key = { .pid = pid }, *found = NULL;

	if (members->nr_members)
		found = bsearch(&key, members->members, members->nr_members, sizeof(key), compare);
	return found ? (ssize_t)found->cgroup : -1;
}
