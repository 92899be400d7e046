/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel itself says of a process: the oracles that memclass is held
 * against. Each gives, for the columns that it knows of, the lowest and the highest
 * number of bytes that agree with it.
 */
#ifndef SELFTESTS_ORACLE_H
#define SELFTESTS_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "memclass.h"

/* Columns, and sums of them that the kernel tells where it does not tell them apart. */
enum oracle_column {
	ORACLE_PRIVATE = MEMCLASS_NR_COLUMNS,	/* clean and dirty */
	ORACLE_SHARED,
	ORACLE_HUGETLB,				/* private and shared */
	ORACLE_SWAP_OWN,			/* swap of the process's own pages */
	ORACLE_NR_COLUMNS
};

struct bounds {
	uint64_t known;		/* a bit for each column that there are bounds for */
	uint64_t low[ORACLE_NR_COLUMNS];
	uint64_t high[ORACLE_NR_COLUMNS];
};

void bounds_set(struct bounds *bounds, unsigned int column, uint64_t low, uint64_t high);
void bounds_add(struct bounds *sum, const struct bounds *bounds);
uint64_t oracle_get(const struct memclass_counts *counts, unsigned int column);
const char *oracle_column_name(unsigned int column);
uint64_t oracle_columns(uint64_t columns);

/* A mapping, as /proc/PID/smaps and, if that was asked for, its pages show it. */
struct oracle_vma {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t inode;
	unsigned int dev_major;
	unsigned int dev_minor;
	uint64_t page_size;
	char perms[5];
	char flags[128];	/* VmFlags: two letters and a space each */
	char *name;		/* as printed, "" for none */
	struct bounds smaps;
	struct bounds *pages;	/* NULL: not looked at */
};

/* What /proc/PID/status and /proc/PID/stat tell besides. Sizes are bytes. */
struct oracle_process {
	char comm[64];
	pid_t ppid;
	uid_t uid;
	unsigned int threads;
	uint64_t start_ticks;
	uint64_t page_tables;	/* VmPTE */
	/* Where the parts of the program are. */
	uint64_t start_stack;
	uint64_t end_data;
	uint64_t start_brk;
};

struct oracle {
	struct oracle_process process;
	struct bounds status;		/* of all mappings together, as is the next */
	struct bounds rollup;
	struct oracle_vma *vmas;
	size_t nr_vmas;
	uint64_t *stack_pointers;	/* of all threads, if there are several */
	size_t nr_stack_pointers;
	uint64_t digest;		/* of what smaps says */
	char unknown_fields[128];	/* of smaps, that no table here has */
};

struct oracle_options {
	pid_t tid;		/* the thread whose files are read; 0: the leader */
	size_t pages;		/* that are looked at one by one; mappings are left out */
	unsigned int slack;	/* pages for each thread that status may be off */
};

/* Returns 0, -ESRCH when the process is gone, or another error. */
int oracle_take(struct oracle *oracle, pid_t pid, const struct oracle_options *options);
void oracle_free(struct oracle *oracle);
bool oracle_same(const struct oracle *one, const struct oracle *other);

bool oracle_vma_has(const struct oracle_vma *vma, const char *flag);
bool oracle_vma_has_file(const struct oracle_vma *vma);

/* pages.c */
int pages_look(struct oracle_vma *vma, int pagemap, unsigned int slack);

#endif /* SELFTESTS_ORACLE_H */
