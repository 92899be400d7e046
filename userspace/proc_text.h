/* SPDX-License-Identifier: GPL-2.0 */
/* What is written in the files of /proc/PID. Pure: text in, plain structs out. */
#ifndef PROC_TEXT_H
#define PROC_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "columns.h"

/* From "stat". Addresses are 0 where they must not be known. */
struct proc_stat {
	char comm[17];
	char state;
	pid_t ppid;
	uint64_t start_ticks;		/* since boot */
	uint64_t start_code;
	uint64_t start_stack;
	uint64_t end_data;
	uint64_t start_brk;
	uint64_t arg_start;
};

/* From "status"; sizes in bytes. */
struct proc_status {
	bool has_memory;		/* no kernel thread, no zombie */
	uid_t uid;
	uint32_t threads;
	uint64_t vm_size;
	uint64_t vm_rss;
	uint64_t vm_pte;
};

/* The first line of a mapping in "smaps". */
struct proc_mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	int prot;
	bool shared;
	const char *name;		/* in the line, escapes and all */
};

/* From its line "VmFlags". */
struct proc_flags {
	bool hugetlb;
	bool device;
};

bool proc_parse_stat(const char *text, struct proc_stat *stat);
void proc_parse_status(const char *text, struct proc_status *status);
bool proc_parse_mapping(const char *line, struct proc_mapping *mapping);
void proc_parse_field(const char *line, struct counts *counts, struct proc_flags *flags);
void proc_unescape(char *name);

#endif /* PROC_TEXT_H */
