/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rows of memclass's file "objects", and where an object is that a test has made.
 */
#ifndef SELFTESTS_OBJECTS_H
#define SELFTESTS_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OBJECT_UNKNOWN	(~0ULL)		/* what is "-" in a row */

struct object_row {
	char kind[16];
	char flags[64];
	unsigned int dev_major;
	unsigned int dev_minor;
	uint64_t inode, page_size, files, size, resident, swapped, mapped;
	uint64_t mappers, holders, unknown, uid, since, cgroup;
	char *name;			/* as it is written there */
};

struct object_rows {
	struct object_row *all;
	size_t count;
};

/*
 * Reads all of the file, @at_once bytes at a time. Return: false with errno; EPROTO
 * when the text is not as it should be. Followed by objects_free() in any case.
 */
bool objects_read(struct object_rows *rows, size_t at_once);
void objects_free(struct object_rows *rows);

/* What identifies an object. */
struct object_place {
	unsigned int dev_major;
	unsigned int dev_minor;
	uint64_t inode;
};

struct object_place object_of_fd(int fd);
struct object_place object_at(const void *addr);

/* NULL: there is none. @kind, unless it is NULL, tells those with the same place apart. */
const struct object_row *objects_find(const struct object_rows *rows,
				      struct object_place place, const char *kind);

/* Reads the file for one row, which the caller gives to free(); its name is cut off. */
struct object_row *object_get(struct object_place place, const char *kind);

bool object_has_flag(const struct object_row *row, const char *flag);

#endif /* SELFTESTS_OBJECTS_H */
