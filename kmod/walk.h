/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_WALK_H
#define MC_WALK_H

#include "compat.h"
#include "stats.h"
#include "target.h"

struct mc_walk;

/* Who wants to know. */
struct mc_walk_ops {
	/* Before a walk, and whenever enter() asks for it. Called without a lock. */
	void (*prepare)(struct mc_walk *walk);
	/*
	 * A mapping begins. Returns where its columns go; NULL ends the walk,
	 * ERR_PTR(-EAGAIN) is for being called again after prepare().
	 * Called with mmap_lock held for reading, and without leave() with the lock of
	 * a page table as well; may neither sleep nor allocate.
	 */
	struct mc_stats *(*enter)(struct mc_walk *walk, struct vm_area_struct *vma);
	/*
	 * The columns of the mapping are complete, or will not become so: it is gone
	 * or the walk cannot go on. mmap_lock may be held or not; may not sleep. Optional;
	 * without it, columns are complete when the walk has ended.
	 */
	void (*leave)(struct mc_walk *walk);
};

/*
 * A walk over the mappings of one process, in memory that was zeroed once. After
 * mc_walk_mm() was ended by enter(), another call goes on at @addr.
 */
struct mc_walk {
	const struct mc_walk_ops *ops;
	bool cheap;			/* no struct page is looked at */
	unsigned long addr;		/* mappings that end at or below it are passed over, */
	u32 skip;			/* and then as many as this */

	struct memclass_cost cost;

	const struct mc_target *target;
	struct mm_struct *mm;		/* the target's */

	/* The mapping that is being walked, or was last. */
	bool inside;			/* it is being walked */
	unsigned long vma_flags;
	bool shmem_swapped;
	pgoff_t swap_index;		/* shmem entries below it have been counted */
	struct mc_tally tally;
	/* The mapping when the lock was let go, only to compare. */
	unsigned long vma_start, vma_end;
	const struct file *vma_file;

	/* The slice. */
	long budget;
	unsigned int lock_tries;	/* left to this walk, see slice_lock() */
	/*
	 * The table of PMD entries that the last step went through, and the address
	 * that it begins at: a mapping that was seen has its pages there, so it stays
	 * until the lock is let go, and the next mapping mostly begins there as well.
	 */
	pmd_t *pmds;
	unsigned long pmds_addr;
	/*
	 * The page table that is locked, or NULL, and the address that it begins at: small
	 * mappings often have their pages in the same one.
	 */
	pte_t *table;
	unsigned long table_addr;
	spinlock_t *table_lock;		/* the lock of that table, which is held */
	long table_budget;		/* the slice's, when the lock is to be let go */
	u64 locked_ns;
	int map_count;
	unsigned long total_vm;
};

void mc_walk_start(struct mc_walk *walk, const struct mc_walk_ops *ops, bool cheap,
		   struct mc_stats *total);
int mc_walk_mm(struct mc_walk *walk, const struct mc_target *target);

#endif /* MC_WALK_H */
