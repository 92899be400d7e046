// SPDX-License-Identifier: GPL-2.0
/* From a device to where it is mounted, as in /proc/PID/mountinfo. */
#include "mounts.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

struct mount {
	unsigned int dev_major;
	unsigned int dev_minor;
	char *root;			/* what of the device is mounted */
	char *point;			/* where */
};

static void add(struct mounts *mounts, const struct mount *mount)
{
	struct mount *more = realloc(mounts->all, (mounts->count + 1) * sizeof(*more));

	if (!more)
		return;
	mounts->all = more;
	more[mounts->count++] = *mount;
}

/* Only file systems that can have objects. */
static bool is_wanted(const char *line)
{
	const char *type = strstr(line, " - ");

	return type && (!strncmp(type, " - tmpfs ", 9) || !strncmp(type, " - devtmpfs ", 12) ||
			!strncmp(type, " - rootfs ", 10) || !strncmp(type, " - hugetlbfs ", 13));
}

static void take_line(struct mounts *mounts, const char *prefix, const char *line)
{
	struct mount mount;
	char *point = NULL;

	mount.root = NULL;
	if (is_wanted(line) &&
	    sscanf(line, "%*d %*d %u:%u %ms %ms", &mount.dev_major, &mount.dev_minor,
		   &mount.root, &point) == 4) {
		text_unescape(mount.root);
		text_unescape(point);
		if (asprintf(&mount.point, "%s%s", prefix, strcmp(point, "/") ? point : "") >= 0) {
			add(mounts, &mount);
			mount.root = NULL;
		}
	}
	free(mount.root);
	free(point);
}

static void read_namespace(struct mounts *mounts, const char *pid, const char *prefix)
{
	char path[300], *line = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/mountinfo", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (getline(&line, &size, file) >= 0)
		take_line(mounts, prefix, line);
	free(line);
	fclose(file);
}

/* Mount namespaces that were read, by the inodes that stand for them. */
struct namespaces {
	ino_t *inodes;
	size_t count;
};

static bool is_new(struct namespaces *seen, const char *pid)
{
	struct stat status;
	char path[300];
	ino_t *more;
	size_t i;

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", pid);
	if (stat(path, &status))
		return false;
	for (i = seen->count; i-- > 0;)
		if (seen->inodes[i] == status.st_ino)
			return false;
	more = realloc(seen->inodes, (seen->count + 1) * sizeof(*more));
	if (!more)
		return false;
	seen->inodes = more;
	more[seen->count++] = status.st_ino;
	return true;
}

void mounts_read(struct mounts *mounts)
{
	struct namespaces seen = { 0 };
	struct dirent *entry;
	char prefix[300];
	DIR *proc;

	*mounts = (struct mounts) { 0 };
	if (is_new(&seen, "self"))
		read_namespace(mounts, "self", "");
	proc = opendir("/proc");
	while (proc && (entry = readdir(proc))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    !is_new(&seen, entry->d_name))
			continue;
		snprintf(prefix, sizeof(prefix), "/proc/%s/root", entry->d_name);
		read_namespace(mounts, entry->d_name, prefix);
	}
	if (proc)
		closedir(proc);
	free(seen.inodes);
}

void mounts_free(struct mounts *mounts)
{
	size_t i;

	for (i = 0; i < mounts->count; i++) {
		free(mounts->all[i].root);
		free(mounts->all[i].point);
	}
	free(mounts->all);
}

/* What is left of @path below the root of a mount, or NULL. */
static const char *below(const struct mount *mount, const char *path)
{
	size_t length = strlen(mount->root);

	if (!strcmp(mount->root, "/"))
		return path;
	if (strncmp(path, mount->root, length) || (path[length] && path[length] != '/'))
		return NULL;
	return path + length;
}

char *mounts_path(const struct mounts *mounts, unsigned int dev_major, unsigned int dev_minor,
		  const char *path)
{
	const struct mount *mount = mounts->all, *end = mount + mounts->count;
	const char *rest;
	char *found;

	for (; mount < end; mount++) {
		if (mount->dev_major != dev_major || mount->dev_minor != dev_minor)
			continue;
		rest = below(mount, path);
		if (rest && asprintf(&found, "%s%s", mount->point, rest) >= 0)
			return found;
	}
	return NULL;
}
