/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "objects_source.h"

/* What is known of a System V segment. */
struct segment {
	int shmid;
	uint32_t key;
	pid_t creator;			/* 0: it is of another IPC namespace */
};

/* The segments of the reader's IPC namespace. Followed by segments_free(). */
struct segments {
	struct segment_row *all;
	size_t count;
};

void segments_read(struct segments *segments);
void segments_free(struct segments *segments);

/* Return: false when @object is none. */
bool segments_find(const struct segments *segments, const struct object *object,
		   struct segment *segment);

#endif /* SEGMENTS_H */
