// SPDX-License-Identifier: GPL-2.0
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

enum status output_open(struct output *output, const char *path)
{
	int fd;

	*output = (struct output) { .file = stdout, .path = path };
	if (!path)
		return STATUS_OK;
	if (asprintf(&output->unfinished, "%s.XXXXXX", path) < 0) {
		say_error("out of memory");
		return STATUS_FAILURE;
	}
	fd = mkostemp(output->unfinished, O_CLOEXEC);
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
	errno = 0;
	failed = fflush(output->file) || ferror(output->file) || fsync(fileno(output->file));
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
