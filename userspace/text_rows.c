// SPDX-License-Identifier: GPL-2.0
#include "text_rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "source.h"
#include "text.h"

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

enum status text_rows_read(const struct request *request, const char *name,
			   const struct text_rows *rows)
{
	struct request of_module = *request;
	struct source *source;
	const char *wrong = NULL;
	enum status status;
	char *path;
	FILE *file;

	if (!source_may_be_module(request)) {
		say_error("only the module has %s: neither /proc nor a capture does", name);
		return STATUS_FAILURE;
	}
	/* Is it there, and does it speak our language? */
	of_module.source = SOURCE_MODULE;
	status = source_open(&source, &of_module);
	if (status)
		return status;
	source_close(source);
	file = source_open_text(request, name, &path);
	if (file) {
		wrong = read_rows(file, rows);
		fclose(file);
		if (wrong)
			say_error("cannot read %s: %s", path, wrong);
	} else {
		say_why_not(path ?: name, rows);
	}
	free(path);
	return file && !wrong ? STATUS_OK : STATUS_FAILURE;
}
