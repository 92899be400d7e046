// SPDX-License-Identifier: GPL-2.0
#include "unfinished.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

/* Until it is finished, a file has this and six more characters after its name. */
#define UNFINISHED	".unfinished."

static bool is_unfinished(const char *entry, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(entry, name, length) &&
	       !strncmp(entry + length, UNFINISHED, strlen(UNFINISHED)) &&
	       strlen(entry + length) == strlen(UNFINISHED) + 6;
}

/* Who still writes it has it locked. */
static void remove_if_left(int directory, const char *entry)
{
	int fd = openat(directory, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		unlinkat(directory, entry, 0);
	close(fd);
}

/* What former runs left behind that were killed. */
static void remove_left(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const struct dirent *entry;
	char *directory;
	DIR *entries;

	if (asprintf(&directory, "%.*s", slash ? (int)(name - path) : 1, slash ? path : ".") < 0)
		return;
	entries = opendir(directory);
	free(directory);
	if (!entries)
		return;
	while ((entry = readdir(entries)))
		if (is_unfinished(entry->d_name, name))
			remove_if_left(dirfd(entries), entry->d_name);
	closedir(entries);
}

/* A device would be gone, and a link no longer be one. NULL: complained about. */
static char *find_target(const char *path)
{
	struct stat now;
	char *target;

	if (lstat(path, &now)) {
		target = strdup(path);
	} else if (stat(path, &now)) {
		say_error("%s is a link that leads nowhere", path);
		return NULL;
	} else if (!S_ISREG(now.st_mode)) {
		say_error("%s is there, and not a file that could be replaced", path);
		return NULL;
	} else {
		target = realpath(path, NULL);
	}
	if (!target)
		say_error("cannot make %s: %s", path, strerror(errno));
	return target;
}

/* Until it is locked, another one that cleans up can take it for one that was left. */
static int make_locked(char *path)
{
	char *const wild = path + strlen(path) - 6;
	struct stat now;
	int fd;

	for (;;) {
		fd = mkostemp(path, O_CLOEXEC);
		if (fd < 0 || flock(fd, LOCK_EX) || fstat(fd, &now) || now.st_nlink)
			return fd;
		close(fd);
		memcpy(wild, "XXXXXX", 6);
	}
}

enum status unfinished_open(struct unfinished *file, const char *path)
{
	file->target = find_target(path);
	if (!file->target)
		return STATUS_FAILURE;
	remove_left(file->target);
	if (asprintf(&file->path, "%s" UNFINISHED "XXXXXX", file->target) < 0) {
		say_error("out of memory");
		goto out_free;
	}
	file->fd = make_locked(file->path);
	if (file->fd >= 0)
		return STATUS_OK;
	say_error("cannot make %s: %s", path, strerror(errno));
	free(file->path);
out_free:
	free(file->target);
	return STATUS_FAILURE;
}

static void forget(struct unfinished *file)
{
	free(file->path);
	free(file->target);
}

void unfinished_remove(struct unfinished *file)
{
	unlink(file->path);
	forget(file);
}

int unfinished_finish(struct unfinished *file)
{
	int error;

	if (!rename(file->path, file->target)) {
		forget(file);
		return 0;
	}
	error = errno;
	unfinished_remove(file);
	errno = error;
	return -1;
}
