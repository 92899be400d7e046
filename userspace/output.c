// SPDX-License-Identifier: GPL-2.0
#include "output.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

enum status output_open(struct output *output, const char *path)
{
	enum status status;

	*output = (struct output) { .file = stdout, .path = path };
	if (!path)
		return STATUS_OK;
	status = unfinished_open(&output->unfinished, path);
	if (status)
		return status;
	output->file = fdopen(output->unfinished.fd, "w");
	if (output->file)
		return STATUS_OK;
	say_error("out of memory");
	close(output->unfinished.fd);
	unfinished_remove(&output->unfinished);
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
	if (!failed && !unfinished_finish(&output->unfinished))
		return STATUS_OK;
	say_error("cannot write %s: %s", output->path, strerror(errno ?: EIO));
	if (failed)
		unfinished_remove(&output->unfinished);
	return STATUS_FAILURE;
}
