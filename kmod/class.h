/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From facts about a VMA to its class. Pure: the selftests compile this in
 * userspace, so nothing here may need more of the kernel than its types.
 */
#ifndef MC_CLASS_H
#define MC_CLASS_H

#include "uapi/memclass.h"

#ifndef __KERNEL__
#include <stdbool.h>
#endif

/* What a VMA's file is. The first four hold shared memory, whoever maps it how. */
enum mc_file_kind {
	MC_FILE_SHM,	/* without a name: MAP_SHARED | MAP_ANONYMOUS, drivers */
	MC_FILE_SYSV,
	MC_FILE_MEMFD,
	MC_FILE_TMPFS,
	MC_FILE_OTHER,
	MC_FILE_NONE,
};

struct mc_class_facts {
	/* Of the VMA. */
	__u64 start;
	__u64 end;
	enum mc_file_kind file;
	bool anonymous;		/* its faults bring zeroed pages; it can have a file */
	bool shared;
	bool exec;
	bool write;
	bool hugetlb;
	bool device;		/* shows no pages of its own, but those of a driver */
	bool stack_pointer;	/* a live thread's user stack pointer is in it */

	/* Of the process. */
	__u64 start_stack;
	__u64 bss_start;	/* end_data, rounded up to a page */
	__u64 start_brk;
	__u64 brk;
};

enum memclass_class mc_class_of(const struct mc_class_facts *facts);
const char *mc_class_name(enum memclass_class class);
const char *mc_class_type_name(enum memclass_class class);

#endif /* MC_CLASS_H */
