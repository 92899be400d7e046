/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files of memclass, and what they say of processes.
 */
#ifndef SELFTESTS_READING_H
#define SELFTESTS_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "memclass.h"
#include "names.h"

#define DIR_PATH	"/sys/kernel/debug/memclass"
#define FILE_PATH(name)	DIR_PATH "/" name

#define READING_NR_FILES	8
extern const char *const reading_files[READING_NR_FILES];

/* All of a file, from where it is. Returns 0, or what the read that failed says. */
int read_to_end(int fd);

int records_open(void);
int vmas_open(void);
loff_t records_at(uint64_t pid);
loff_t vmas_at(uint64_t pid, uint64_t ordinal);

/* Return: whether @pid has a record, and that in @record. */
bool record_of(int fd, pid_t pid, struct memclass_record *record);

/*
 * The first process at or after @pid in each file: its pid, 0 when there is none, and what
 * is said of it first.
 */
pid_t next_record(int fd, pid_t pid, struct memclass_record *record);
pid_t next_vma(int fd, pid_t pid, struct memclass_vma *vma);

/* read(), which passes over processes that went away while they were read. */
ssize_t vmas_read(int fd, struct memclass_vma *vmas, size_t size);

struct reading {
	struct memclass_record record;
	struct memclass_vma *vmas;
	size_t nr_vmas;
};

/*
 * Returns 0, -ESRCH when there is no record of that process or it went away meanwhile,
 * or another error of a read. reading_free() when it returned 0.
 */
int reading_take(struct reading *reading, pid_t pid, bool cheap);
void reading_free(struct reading *reading);

/*
 * Of all processes, in the order of their pids, by one pass through each file. Returns
 * their number, or an error. readings_free() when that is not negative.
 */
ssize_t readings_take_all(struct reading **readings, bool cheap);
void readings_free(struct reading *readings, size_t nr);

bool memclass_is_loaded(void);

static inline uint64_t counts_get(const struct memclass_counts *counts,
				  enum memclass_column column)
{
	return ((const uint64_t *)counts)[column];
}

static inline uint64_t *counts_at(struct memclass_counts *counts,
				  enum memclass_column column)
{
	return (uint64_t *)counts + column;
}

#endif /* SELFTESTS_READING_H */
