// SPDX-License-Identifier: GPL-2.0
/* memclass export: all of it in numbers that do not grow with the machine, for Prometheus. */
#include "export.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "output.h"
#include "say.h"

#define CGROUPS_DEFAULT	16
#define CGROUPS_MAX	100000

/* Of this boot, as what is in it. */
#define HISTORY_DIR	"/run/memclass"
#define HISTORY_NAME	"export.history"

static bool parse_cgroups(const char *text, size_t *cgroups)
{
	char *end;

	*cgroups = CGROUPS_DEFAULT;
	if (!text)
		return true;
	errno = 0;
	*cgroups = strtoul(text, &end, 10);
	if (isdigit((unsigned char)*text) && !*end && !errno && *cgroups <= CGROUPS_MAX)
		return true;
	say_usage("export", "--cgroups wants a number of them, not '%s'", text);
	return false;
}

/* It is of what runs here and now. */
static bool check_source(const struct request *request)
{
	if (!request->source || !strcmp(request->source, "module") ||
	    !strcmp(request->source, "proc"))
		return true;
	say_usage("export", "an export is of now, not of '%s'", request->source);
	return false;
}

/*
 * Where the history is: NULL, nowhere. Without a file to export to nobody comes again, and
 * nothing is written unless it is asked for. A service has a directory of its own.
 */
static const char *history_path(const struct request *request, char *buffer, size_t size)
{
	const char *directory = getenv("RUNTIME_DIRECTORY") ?: getenv("STATE_DIRECTORY");

	if (request->history)
		return request->history;
	if (!request->textfile)
		return NULL;
	if (!directory) {
		directory = HISTORY_DIR;
		mkdir(directory, 0700);
	}
	snprintf(buffer, size, "%.*s/" HISTORY_NAME, (int)strcspn(directory, ":"), directory);
	return buffer;
}

static enum status run(const struct request *request, char **operands, int count)
{
	char path[PATH_MAX];
	struct output output;
	struct exported export;
	enum status status;
	size_t cgroups;

	(void)operands;
	(void)count;
	if (!parse_cgroups(request->cgroups, &cgroups) || !check_source(request))
		return STATUS_USAGE;
	/* Where it cannot be written, nothing need be read. */
	status = output_open(&output, request->textfile);
	if (status)
		return status;
	output.mode = 0644;
	export_read(&export, request, history_path(request, path, sizeof(path)));
	export_write(&export, output.file, cgroups);
	status = output_close(&output) ?: export.status;
	export_free(&export);
	return status;
}

const struct command export_command = {
	.name = "export",
	.operands = "",
	.summary = "metrics for Prometheus, of a fixed number",
	.details = "Writes the text format 0.0.4: to standard output, or with --textfile to a file for\n"
		   "the textfile collector of node_exporter, which is there when all of it is. There are\n"
		   "fewer than 400 series, however many processes there are. What a part of it needs and\n"
		   "is not there leaves out that part alone: memclass_export_part_missing, a message and\n"
		   "the exit status say so. Verdicts on growth need several runs, and a history between\n"
		   "them: " HISTORY_DIR "/" HISTORY_NAME ", or where systemd says.\n",
	.options = OPTION_EXPORT | OPTION_SOURCE,
	.min_operands = 0,
	.max_operands = 0,
	.run = run,
};
