// SPDX-License-Identifier: GPL-2.0
#include "lib/objects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define OBJECTS "/sys/kernel/debug/memclass/objects"

static char *read_all(size_t at_once)
{
	int fd = open(OBJECTS, O_RDONLY | O_CLOEXEC);
	size_t length = 0, room = 1 << 20;
	char *text = malloc(room + 1);
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0) {
		if (room - length < at_once)
			text = realloc(text, (room *= 2) + 1);
		got = read(fd, text + length, at_once);
		length += got > 0 ? got : 0;
	}
	if (fd >= 0)
		close(fd);
	text[length] = '\0';
	if (!got)
		return text;
	free(text);
	return NULL;
}

static uint64_t number(const char *word)
{
	return strcmp(word, "-") ? strtoull(word, NULL, 10) : OBJECT_UNKNOWN;
}

/* The columns, and how their words become values. */
static const char heading[] =
	"kind device inode page_size files size resident swapped mapped mappers holders unknown uid since flags cgroup name";

static bool parse(char *line, struct object_row *row)
{
	char *words[16];
	size_t i;

	for (i = 0; i < 16; i++) {
		words[i] = line;
		line = strchr(line, ' ');
		if (!line || line == words[i])
			return false;
		*line++ = '\0';
	}
	snprintf(row->kind, sizeof(row->kind), "%s", words[0]);
	if (sscanf(words[1], "%u:%u", &row->dev_major, &row->dev_minor) != 2)
		return false;
	row->inode = number(words[2]);
	row->page_size = number(words[3]);
	row->files = number(words[4]);
	row->size = number(words[5]);
	row->resident = number(words[6]);
	row->swapped = number(words[7]);
	row->mapped = number(words[8]);
	row->mappers = number(words[9]);
	row->holders = number(words[10]);
	row->unknown = number(words[11]);
	row->uid = number(words[12]);
	row->since = number(words[13]);
	snprintf(row->flags, sizeof(row->flags), "%s", words[14]);
	row->cgroup = number(words[15]);
	row->name = strdup(line);
	return true;
}

bool objects_read(struct object_rows *rows, size_t at_once)
{
	char *text = read_all(at_once), *line, *next;
	bool right;

	*rows = (struct object_rows) { 0 };
	if (!text)
		return false;
	line = strtok_r(text, "\n", &next);
	right = line && !strcmp(line, heading);
	while (right && (line = strtok_r(NULL, "\n", &next))) {
		if (!(rows->count & (rows->count - 1)))
			rows->all = realloc(rows->all, (2 * rows->count + 1) * sizeof(*rows->all));
		right = parse(line, &rows->all[rows->count]);
		rows->count += right;
	}
	free(text);
	if (!right)
		errno = EPROTO;
	return right;
}

void objects_free(struct object_rows *rows)
{
	while (rows->count)
		free(rows->all[--rows->count].name);
	free(rows->all);
	rows->all = NULL;
}

struct object_place object_of_fd(int fd)
{
	struct stat status = { 0 };

	fstat(fd, &status);
	return (struct object_place) { major(status.st_dev), minor(status.st_dev),
				       status.st_ino };
}

struct object_place object_at(const void *addr)
{
	struct object_place place = { 0 }, found;
	unsigned long start, end;
	char line[4096];
	FILE *maps = fopen("/proc/self/maps", "re");

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %*s %*x %x:%x %lu", &start, &end, &found.dev_major,
			   &found.dev_minor, &found.inode) == 5 &&
		    start <= (unsigned long)addr && (unsigned long)addr < end)
			place = found;
	}
	if (maps)
		fclose(maps);
	return place;
}

const struct object_row *objects_find(const struct object_rows *rows,
				      struct object_place place, const char *kind)
{
	const struct object_row *row;

	for (row = rows->all; row < rows->all + rows->count; row++)
		if (row->dev_major == place.dev_major && row->dev_minor == place.dev_minor &&
		    row->inode == place.inode && (!kind || !strcmp(kind, row->kind)))
			return row;
	return NULL;
}

struct object_row *object_get(struct object_place place, const char *kind)
{
	const struct object_row *row;
	struct object_row *copy = NULL;
	struct object_rows rows;

	if (objects_read(&rows, 1 << 16)) {
		row = objects_find(&rows, place, kind);
		if (row) {
			copy = malloc(sizeof(*copy));
			*copy = *row;
			copy->name = NULL;
		}
	}
	objects_free(&rows);
	return copy;
}

bool object_has_flag(const struct object_row *row, const char *flag)
{
	char flags[70], wanted[70];

	snprintf(flags, sizeof(flags), ",%s,", row->flags);
	snprintf(wanted, sizeof(wanted), ",%s,", flag);
	return strstr(flags, wanted);
}
