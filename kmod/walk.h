/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_WALK_H
#define MC_WALK_H

#include "compat.h"
#include "stats.h"

struct mc_walk;

/* Who wants to know. */
struct mc_walk_ops {
	/*
	 * A mapping begins. Returns where its columns go; NULL ends the walk.
	 * Called with mmap_lock held for reading; may neither sleep nor allocate.
	 */
	struct mc_stats *(*enter)(struct mc_walk *walk, struct vm_area_struct *vma);
	/*
	 * The columns of the mapping are complete, or will not become so: it is gone
	 * or the walk cannot go on. Optional. mmap_lock may be held or not.
	 */
	void (*leave)(struct mc_walk *walk);
};

/*
 * A walk over one mm. The caller fills in the first part and zeroes the rest; after
 * a walk that enter() ended, @addr is where the next one goes on.
 */
struct mc_walk {
	struct mm_struct *mm;		/* the caller has a reference to its users */
	const struct mc_walk_ops *ops;
	bool cheap;			/* no struct page is looked at */
	unsigned long addr;		/* mappings that end at or below it are passed over, */
	u32 skip;			/* and then as many as this */

	struct memclass_cost cost;

	/* The mapping that is being walked. */
	struct mc_stats *stats;
	unsigned long vma_start, vma_end, vma_flags;
	bool private_file, shmem_swapped;
	pgoff_t swap_index;		/* shmem entries below it have been counted */
	struct mc_tally tally;

	/* The slice. */
	long budget;
	u64 locked_ns;
	int map_count;
	unsigned long total_vm;
};

int mc_walk_mm(struct mc_walk *walk);

#endif /* MC_WALK_H */
