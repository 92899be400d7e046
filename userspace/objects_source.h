/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OBJECTS_SOURCE_H
#define OBJECTS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "command.h"

/* An object of shared memory, or the small files of a mount together. */
struct object {
	char kind[16];			/* as the module calls it */
	char flags[64];			/* "-", or names with commas between */
	unsigned int dev_major;
	unsigned int dev_minor;
	uint64_t inode;
	uint64_t page_size;
	uint64_t files;
	uint64_t size;
	uint64_t resident;
	uint64_t swapped;
	uint64_t mapped;
	bool is_sum;			/* of small files: what follows is not known */
	uint64_t mappers;
	uint64_t holders;
	bool unknown_counted;
	uint64_t unknown;
	uint64_t uid;
	int64_t since;			/* seconds since 1970 */
	uint64_t cgroup;		/* that it is charged to: an inode; 0: not known */
	char *name;			/* as the kernel has it, not escaped */
};

struct objects {
	struct object *all;
	size_t count;
};

bool objects_exist(const struct request *request);

/* OK has to be followed by objects_free(). */
enum status objects_read(const struct request *request, struct objects *objects);
void objects_free(struct objects *objects);

bool object_has_flag(const struct object *object, const char *flag);

#endif /* OBJECTS_SOURCE_H */
