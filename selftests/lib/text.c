// SPDX-License-Identifier: GPL-2.0
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"

/* The next word of a line, or "" at its end. */
static const char *word(char **rest)
{
	const char *next = strsep(rest, " ");

	return next ?: "";
}

static const char *const fault_names[] = {
#define NAME(field, text) #field,
	MEMCLASS_FAULTS(NAME)
#undef NAME
};

#define NR_FAULTS	(sizeof(fault_names) / sizeof(fault_names[0]))

/*
 * The words that the header has for the columns, which are those of the uapi header.
 * Where something comes after them, page faults do first.
 */
static bool header_is(char *line, const char *const *before, const char *after)
{
	unsigned int i;

	for (; *before; before++)
		if (strcmp(word(&line), *before))
			return false;
	for (i = 0; i < MEMCLASS_NR_COLUMNS; i++)
		if (strcmp(word(&line), column_name(i)))
			return false;
	for (i = 0; after && i < NR_FAULTS; i++)
		if (strcmp(word(&line), fault_names[i]))
			return false;
	return after ? line && !strcmp(line, after) : !line;
}

static bool counts(char **rest, struct memclass_counts *counts)
{
	unsigned int i;
	char *end;

	for (i = 0; i < MEMCLASS_NR_COLUMNS; i++) {
		const char *number = word(rest);

		*counts_at(counts, i) = strtoull(number, &end, 10);
		if (end == number || *end)
			return false;
	}
	return true;
}

static bool class_row(char *line, void *row)
{
	struct class_row *class = row;

	snprintf(class->class, sizeof(class->class), "%s", word(&line));
	snprintf(class->type, sizeof(class->type), "%s", word(&line));
	return counts(&line, &class->counts) && !line;
}

static bool process_row(char *line, void *row)
{
	struct process_row *process = row;
	unsigned int i;

	process->pid = atoi(word(&line));
	process->start_ns = strtoull(word(&line), NULL, 10);
	snprintf(process->mm, sizeof(process->mm), "%s", word(&line));
	snprintf(process->class, sizeof(process->class), "%s", word(&line));
	if (!counts(&line, &process->counts))
		return false;
	for (i = 0; i < NR_FAULTS; i++)
		word(&line);
	if (!line)
		return false;
	snprintf(process->comm, sizeof(process->comm), "%s", line);
	return true;
}

static bool cgroup_row(char *line, void *row)
{
	struct cgroup_row *cgroup = row;
	unsigned int i;

	cgroup->inode = strtoull(word(&line), NULL, 10);
	cgroup->parent = strtoull(word(&line), NULL, 10);
	snprintf(cgroup->class, sizeof(cgroup->class), "%s", word(&line));
	cgroup->processes = atoi(word(&line));
	if (!counts(&line, &cgroup->counts))
		return false;
	for (i = 0; i < NR_FAULTS; i++)
		word(&line);
	if (!line)
		return false;
	snprintf(cgroup->path, sizeof(cgroup->path), "%s", line);
	return true;
}

static ssize_t read_rows(const char *path, const char *const *before, const char *after,
			 size_t size, bool (*parse)(char *line, void *row), void **rows)
{
	FILE *file = fopen(path, "r");
	size_t room = 0, length = 0;
	ssize_t got, nr = -1;
	char *line = NULL;

	*rows = NULL;
	if (!file)
		return -errno;
	while ((got = getline(&line, &length, file)) > 0) {
		bool good = line[got - 1] == '\n';

		line[got - 1] = 0;
		if (nr < 0) {
			good = good && header_is(line, before, after);
		} else {
			if ((size_t)nr == room) {
				room = (room + 64) * 2;
				*rows = reallocarray(*rows, room, size);
				if (!*rows)
					abort();
			}
			memset((char *)*rows + nr * size, 0, size);
			good = good && parse(line, (char *)*rows + nr * size);
		}
		if (!good) {
			fprintf(stderr, "# %s, row %zd: %s\n", path, nr, line);
			nr = -EPROTO;
			break;
		}
		nr++;
	}
	free(line);
	fclose(file);
	return nr == -1 ? -EPROTO : nr;
}

ssize_t text_classes(struct class_row **rows)
{
	static const char *const before[] = { "class", "type", NULL };

	return read_rows(FILE_PATH("classes"), before, NULL, sizeof(**rows), class_row,
			 (void **)rows);
}

ssize_t text_processes(struct process_row **rows)
{
	static const char *const before[] = { "pid", "start_ns", "mm", "class", NULL };

	return read_rows(FILE_PATH("processes"), before, "comm", sizeof(**rows), process_row,
			 (void **)rows);
}

ssize_t text_cgroups(struct cgroup_row **rows)
{
	static const char *const before[] = { "inode", "parent", "class", "processes", NULL };

	return read_rows(FILE_PATH("cgroups"), before, "path", sizeof(**rows), cgroup_row,
			 (void **)rows);
}
