/* SPDX-License-Identifier: GPL-2.0 */
/* From what /proc says of a mapping to its class: the module's rules, other facts. */
#ifndef PROC_CLASS_H
#define PROC_CLASS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "memclass.h"
#include "proc_text.h"

enum backing {
	BACKING_NONE,
	BACKING_SPECIAL,		/* the kernel's own */
	BACKING_SHM,			/* the next four have shmem pages */
	BACKING_SYSV,
	BACKING_MEMFD,
	BACKING_TMPFS,
	BACKING_SECRET,			/* memfd_secret(): those of a file */
	BACKING_FILE,
};

/* What is the same for all mappings of a process. */
struct proc_layout {
	uint64_t bss_start;
	uint64_t start_brk;
	const uint64_t *stack_pointers;	/* of all threads but the first */
	size_t nr_stack_pointers;
};

/* File systems that were met, with whether they are a tmpfs. */
struct proc_devices;

struct proc_devices *proc_devices_new(void);
void proc_devices_free(struct proc_devices *devices);

enum backing proc_backing(struct proc_devices *devices, pid_t pid,
			  const struct proc_mapping *mapping);
bool backing_is_shmem(enum backing backing);
enum memclass_class proc_class(const struct proc_layout *layout,
			       const struct proc_mapping *mapping,
			       const struct proc_flags *flags, enum backing backing);

#endif /* PROC_CLASS_H */
