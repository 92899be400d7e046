/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory for the processes of a state to map. What cannot be had ends the process,
 * with state_fail() or state_skip().
 */
#ifndef SELFTESTS_MEMORY_H
#define SELFTESTS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "memclass.h"

#define PAGE	4096UL
#define HUGE	(2UL << 20)

/*
 * As mmap(), but at a multiple of @align, and with unused address space on both
 * sides, so that the mapping does not become one with others.
 */
char *map_aligned(size_t length, size_t align, int prot, int flags, int fd, off_t offset);
char *map_alone(size_t length, int prot, int flags, int fd, off_t offset);
char *map_anon(size_t length);

/* No huge pages for it. A kernel that has none need not know what that means. */
void small_pages(void *addr, size_t length);

/* One byte of each page is written to, or read. */
void touch(void *addr, size_t length);
void look_at(const void *addr, size_t length);

/* Kinds of memory, for what is done in the same way with all of them. */
struct memory {
	enum memclass_class class;	/* when it is mapped for reading and writing */
	unsigned int resident;		/* the column of pages that were read */
	unsigned int written;		/* and of those that were written to */
	bool shared;			/* MAP_SHARED */
	int (*open)(size_t length);
};

extern const struct memory anon, shm, memfd, tmpfs, file;
extern const struct memory private_memfd, private_tmpfs, private_file;

int memory_open(const struct memory *memory, size_t length);
char *memory_map(const struct memory *memory, int fd, size_t length, off_t offset);

/* Mounts that only this process and its children see. NULL with errno. */
const char *mount_alone(const char *source, const char *type, const char *options);

/* A directory on tmpfs, and one on ramfs, where pages count as those of files. */
const char *tmpfs_directory(void);
const char *file_directory(void);
int file_in(const char *directory, const char *name, size_t length);

/* Each processor has free pages, and pages on their way to a list, to itself. */
void stay_on_this_cpu(void);

/* Waits until @condition holds. Returns false when it does not for very long. */
bool wait_until(bool (*condition)(const void *argument), const void *argument);

#endif /* SELFTESTS_MEMORY_H */
