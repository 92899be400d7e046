// SPDX-License-Identifier: GPL-2.0
/*
 * System V segments. The kernel keeps their keys in their names and their ids as inode
 * numbers; who made one is told by /proc/sysvipc/shm, of the reader's IPC namespace.
 */
#include "segments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct segment_row {
	struct segment segment;
	uint64_t size;
};

void segments_read(struct segments *segments)
{
	FILE *file = fopen("/proc/sysvipc/shm", "re");
	struct segment_row row, *more;
	char line[512];
	int key;

	*segments = (struct segments) { 0 };
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%d %d %*o %lu %d", &key, &row.segment.shmid, &row.size,
			   &row.segment.creator) != 4)
			continue;
		row.segment.key = key;
		more = realloc(segments->all, (segments->count + 1) * sizeof(*more));
		if (!more)
			break;
		segments->all = more;
		more[segments->count++] = row;
	}
	if (file)
		fclose(file);
}

void segments_free(struct segments *segments)
{
	free(segments->all);
}

bool segments_find(const struct segments *segments, const struct object *object,
		   struct segment *segment)
{
	const struct segment_row *row = segments->all, *end = row + segments->count;

	if (strcmp(object->kind, "sysv") || sscanf(object->name, "SYSV%8x", &segment->key) != 1)
		return false;
	segment->shmid = object->inode;
	segment->creator = 0;
	for (; row < end; row++)
		if (row->segment.shmid == segment->shmid && row->segment.key == segment->key &&
		    row->size == object->size)
			segment->creator = row->segment.creator;
	return true;
}
