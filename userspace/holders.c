// SPDX-License-Identifier: GPL-2.0
/*
 * Who maps an object, and who has a descriptor of it: /proc tells of each process. An
 * object is known by its device and inode; what the kernel made for itself, where those
 * of another IPC namespace can be the same, by its name as well.
 */
#include "holders.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "say.h"

struct search {
	const struct objects *objects;
	size_t *sorted;			/* their indices, by device and inode */
	struct holders *found;
	bool failed;
};

struct identity {
	unsigned int dev_major;
	unsigned int dev_minor;
	uint64_t inode;
};

static int compare(const struct identity *a, const struct object *b)
{
	if (a->dev_major != b->dev_major)
		return a->dev_major < b->dev_major ? -1 : 1;
	if (a->dev_minor != b->dev_minor)
		return a->dev_minor < b->dev_minor ? -1 : 1;
	return (a->inode > b->inode) - (a->inode < b->inode);
}

static int compare_objects(const void *left, const void *right, void *data)
{
	const struct objects *objects = data;
	const struct object *a = &objects->all[*(const size_t *)left];

	return compare(&(struct identity) { a->dev_major, a->dev_minor, a->inode },
		       &objects->all[*(const size_t *)right]);
}

/* The first in the order that is not before @identity. */
static size_t lower_bound(const struct search *search, const struct identity *identity)
{
	size_t low = 0, high = search->objects->count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (compare(identity, &search->objects->all[search->sorted[middle]]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_on_a_mount(const struct object *object)
{
	return !strcmp(object->kind, "tmpfs") || !strcmp(object->kind, "hugetlbfs");
}

/* As /proc writes names that have no path; in maps, line ends are escaped. */
static bool is_named(const struct object *object, const char *name)
{
	const char *at = object->name;

	if (*name++ != '/')
		return false;
	for (; *at; at++, name++) {
		if (*at == '\n' && !strncmp(name, "\\012", 4))
			name += 3;
		else if (*at != *name)
			return false;
	}
	return !*name || !strcmp(name, " (deleted)");
}

static void note(struct search *search, size_t index, const struct holder *holder)
{
	struct holders *holders = &search->found[index];
	struct holder *more;

	if (holders->count && holders->all[holders->count - 1].pid == holder->pid) {
		holders->all[holders->count - 1].maps |= holder->maps;
		holders->all[holders->count - 1].has_descriptor |= holder->has_descriptor;
		return;
	}
	more = realloc(holders->all, (holders->count + 1) * sizeof(*more));
	if (!more) {
		search->failed = true;
		return;
	}
	holders->all = more;
	more[holders->count++] = *holder;
}

/* A process has something of that identity; @name is what /proc calls it. */
static void note_if_wanted(struct search *search, const struct identity *identity,
			   const char *name, const struct holder *holder)
{
	const struct object *object;
	size_t at = lower_bound(search, identity);

	for (; at < search->objects->count; at++) {
		object = &search->objects->all[search->sorted[at]];
		if (compare(identity, object))
			break;
		if (!object->is_sum && (is_on_a_mount(object) || is_named(object, name)))
			note(search, search->sorted[at], holder);
	}
}

static void look_at_maps(struct search *search, struct holder holder)
{
	struct identity identity;
	char path[64], *line = NULL;
	size_t size = 0;
	int name;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", holder.pid);
	file = fopen(path, "re");
	if (!file)
		return;
	holder.maps = true;
	while (getline(&line, &size, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%*x-%*x %*s %*x %x:%x %lu %n", &identity.dev_major,
			   &identity.dev_minor, &identity.inode, &name) == 3 &&
		    identity.inode)
			note_if_wanted(search, &identity, line + name, &holder);
	}
	free(line);
	fclose(file);
}

static void look_at_descriptor(struct search *search, int dir, const char *fd,
			       const struct holder *holder)
{
	char name[4096];
	struct stat status;
	ssize_t length;

	if (fstatat(dir, fd, &status, 0))
		return;
	length = readlinkat(dir, fd, name, sizeof(name) - 1);
	name[length < 0 ? 0 : length] = '\0';
	note_if_wanted(search,
		       &(struct identity) { major(status.st_dev), minor(status.st_dev),
					    status.st_ino },
		       name, holder);
}

static void look_at_descriptors(struct search *search, struct holder holder)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", holder.pid);
	dir = opendir(path);
	if (!dir)
		return;
	holder.has_descriptor = true;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			look_at_descriptor(search, dirfd(dir), entry->d_name, &holder);
	closedir(dir);
}

static void look_at_process(struct search *search, pid_t pid)
{
	struct holder holder = { .pid = pid };
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(holder.comm, sizeof(holder.comm), file))
		holder.comm[strcspn(holder.comm, "\n")] = '\0';
	fclose(file);
	look_at_maps(search, holder);
	look_at_descriptors(search, holder);
}

static void look_at_all(struct search *search)
{
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	pid_t pid;

	while (proc && (entry = readdir(proc))) {
		pid = atoi(entry->d_name);
		if (pid > 0)
			look_at_process(search, pid);
	}
	if (proc)
		closedir(proc);
}

struct holders *holders_find(const struct objects *objects)
{
	struct search search = { .objects = objects };
	size_t i;

	search.sorted = calloc(objects->count + 1, sizeof(*search.sorted));
	search.found = calloc(objects->count + 1, sizeof(*search.found));
	search.failed = !search.sorted || !search.found;
	if (!search.failed) {
		for (i = 0; i < objects->count; i++)
			search.sorted[i] = i;
		qsort_r(search.sorted, objects->count, sizeof(*search.sorted), compare_objects,
			(void *)objects);
		look_at_all(&search);
	}
	free(search.sorted);
	if (!search.failed)
		return search.found;
	say_error("out of memory");
	holders_free(search.found, objects->count);
	return NULL;
}

void holders_free(struct holders *holders, size_t count)
{
	size_t i;

	for (i = 0; holders && i < count; i++)
		free(holders[i].all);
	free(holders);
}
