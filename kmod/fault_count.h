/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_FAULT_COUNT_H
#define MC_FAULT_COUNT_H

#include "class.h"

#include <linux/mm_types.h>
#include <linux/sched.h>

/* Page faults of a process or of all, by class, and what no class is known of. */
struct mc_faults {
	/* A bit for each class that has some. What is in the place of others is nothing. */
	unsigned long used;
	u64 dropped_minor, dropped_major;
	u64 missed;			/* of those, what the hook did not see */
	struct memclass_faults classes[MEMCLASS_NR_CLASSES];
};

/* None yet. */
static inline void mc_faults_init(struct mc_faults *faults)
{
	faults->used = 0;
	faults->dropped_minor = 0;
	faults->dropped_major = 0;
	faults->missed = 0;
}

/* Those of a class, to be added to. */
static inline struct memclass_faults *mc_faults_of(struct mc_faults *faults,
						   unsigned int class)
{
	if (!__test_and_set_bit(class, &faults->used))
		faults->classes[class] = (struct memclass_faults) {};
	return &faults->classes[class];
}

/* Bytes that it takes to count a process's faults, and those of each of its threads. */
extern const size_t mc_fault_process_bytes, mc_fault_thread_bytes;

void mc_fault_count(const struct vm_area_struct *vma, unsigned int flags);
void mc_fault_count_await(void);
bool mc_fault_count_saw(void);

#endif /* MC_FAULT_COUNT_H */
