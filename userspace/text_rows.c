// SPDX-License-Identifier: GPL-2.0
#include "text_rows.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "source.h"
#include "text.h"

#define DIR_DEFAULT	"/sys/kernel/debug/memclass"

#define COLUMNS_MAX	128

/* The columns but the last. */
struct heading {
	char *line;			/* that they are words of */
	size_t nr;
	const char *columns[COLUMNS_MAX];
};

static bool parse_heading(struct heading *heading, const char *last)
{
	char *word, *next;

	for (word = strtok_r(heading->line, " \n", &next); word && strcmp(word, last);
	     word = strtok_r(NULL, " \n", &next)) {
		if (heading->nr == COLUMNS_MAX)
			return false;
		heading->columns[heading->nr++] = word;
	}
	return word;
}

/* Return: the name at the end, or NULL where there are not so many columns. */
static char *parse_row(const struct text_rows *rows, const struct heading *heading, char *line)
{
	char *end;
	size_t i;

	for (i = 0; i < heading->nr; i++) {
		end = strchr(line, ' ');
		if (!end)
			return NULL;
		*end = '\0';
		rows->take(rows->item, heading->columns[i], line);
		line = end + 1;
	}
	line[strcspn(line, "\n")] = '\0';
	text_unescape(line);
	return line;
}

/* Return: what is wrong, or NULL. */
static const char *read_rows(FILE *file, const struct text_rows *rows)
{
	struct heading heading = { 0 };
	const char *wrong = NULL, *name;
	char *line = NULL;
	size_t size = 0;

	errno = 0;
	if (getline(&heading.line, &size, file) < 0 || !parse_heading(&heading, rows->last))
		wrong = errno ? strerror(errno) : "it has no heading";
	size = 0;
	while (!wrong && getline(&line, &size, file) >= 0) {
		name = parse_row(rows, &heading, line);
		if (!name)
			wrong = "malformed row";
		else if (!rows->add(rows->list, rows->item, name))
			wrong = "out of memory";
	}
	if (!wrong && ferror(file))
		wrong = strerror(errno);
	free(line);
	free(heading.line);
	return wrong;
}

static void say_why_not(const char *path, const struct text_rows *rows)
{
	if (errno == ENOENT)
		say_error("%s is not there: the module is older", path);
	else if (errno == EOPNOTSUPP && rows->unsupported)
		say_error("%s", rows->unsupported);
	else
		say_error("cannot open %s: %s", path, strerror(errno));
}

static void path_of(char *path, size_t size, const struct request *request, const char *name)
{
	snprintf(path, size, "%s/%s", request->debugfs ?: DIR_DEFAULT, name);
}

bool text_rows_exist(const struct request *request, const char *name)
{
	char path[PATH_MAX];

	path_of(path, sizeof(path), request, name);
	return !access(path, F_OK);
}

enum status text_rows_read(const struct request *request, const char *name,
			   const struct text_rows *rows)
{
	struct source *source;
	const char *wrong;
	enum status status;
	char path[PATH_MAX];
	FILE *file;

	/* Is the module there, and does it speak our language? */
	status = source_open(&source, request);
	if (status)
		return status;
	source_close(source);
	path_of(path, sizeof(path), request, name);
	file = fopen(path, "re");
	if (!file) {
		say_why_not(path, rows);
		return STATUS_FAILURE;
	}
	wrong = read_rows(file, rows);
	fclose(file);
	if (!wrong)
		return STATUS_OK;
	say_error("cannot read %s: %s", path, wrong);
	return STATUS_FAILURE;
}
