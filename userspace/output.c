// SPDX-License-Identifier: GPL-2.0
#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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

enum status output_open(struct output *output, const char *path)
{
	int fd;

	*output = (struct output) { .file = stdout, .path = path };
	if (!path)
		return STATUS_OK;
	remove_left(path);
	if (asprintf(&output->unfinished, "%s" UNFINISHED "XXXXXX", path) < 0) {
		say_error("out of memory");
		return STATUS_FAILURE;
	}
	fd = mkostemp(output->unfinished, O_CLOEXEC);
	if (fd >= 0)
		flock(fd, LOCK_EX | LOCK_NB);
	if (fd < 0) {
		say_error("cannot make %s: %s", path, strerror(errno));
		free(output->unfinished);
		return STATUS_FAILURE;
	}
	output->file = fdopen(fd, "w");
	if (output->file)
		return STATUS_OK;
	say_error("out of memory");
	close(fd);
	unlink(output->unfinished);
	free(output->unfinished);
	return STATUS_FAILURE;
}

/* What could not be written leaves nothing behind. Of standard output main() sees to it. */
enum status output_close(struct output *output)
{
	bool failed;

	if (!output->path)
		return STATUS_OK;
	errno = output->error;
	failed = fflush(output->file) || ferror(output->file) ||
		 (output->mode && fchmod(fileno(output->file), output->mode)) ||
		 fsync(fileno(output->file));
	failed |= !!fclose(output->file);
	if (!failed)
		failed = rename(output->unfinished, output->path);
	if (failed) {
		say_error("cannot write %s: %s", output->path, strerror(errno ?: EIO));
		unlink(output->unfinished);
	}
	free(output->unfinished);
	return failed ? STATUS_FAILURE : STATUS_OK;
}
