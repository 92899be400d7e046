/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The text files of memclass: a header line with the names of the columns, then a row
 * a line.
 */
#ifndef SELFTESTS_TEXT_H
#define SELFTESTS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "memclass.h"

/* A row of classes; all that is not there is 0 or empty. */
struct class_row {
	char class[16];
	char type[16];
	struct memclass_counts counts;
};

/* A row of processes. */
struct process_row {
	pid_t pid;
	unsigned long start_ns;
	char mm[8];
	char class[16];
	struct memclass_counts counts;
	char comm[80];
};

/* A row of cgroups; class "total" is all of them. */
struct cgroup_row {
	unsigned long inode;
	unsigned long parent;
	char class[16];
	unsigned int processes;
	struct memclass_counts counts;
	char path[1024];
};

/*
 * Return the number of rows, or a negative error: -EPROTO when the text is not as it
 * should be. The caller frees them.
 */
ssize_t text_classes(struct class_row **rows);
ssize_t text_processes(struct process_row **rows);
ssize_t text_cgroups(struct cgroup_row **rows);

#endif /* SELFTESTS_TEXT_H */
