/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_FAULT_COUNT_H
#define MC_FAULT_COUNT_H

#include "uapi/memclass.h"

#include <linux/mm_types.h>
#include <linux/sched.h>

/* Page faults of a process or of all, by class, and what no class is known of. */
struct mc_faults {
	unsigned long used;		/* a bit for each class that has some */
	u64 dropped_minor, dropped_major;
	u64 missed;			/* of those, what the hook did not see */
	struct memclass_faults classes[MEMCLASS_NR_CLASSES];
};

/* Bytes that it takes to count a process's faults, and those of each of its threads. */
extern const size_t mc_fault_process_bytes, mc_fault_thread_bytes;

void mc_fault_count(const struct vm_area_struct *vma, unsigned int flags);
void mc_fault_count_await(void);
bool mc_fault_count_saw(void);

#endif /* MC_FAULT_COUNT_H */
