// SPDX-License-Identifier: GPL-2.0
/*
 * Walks the mappings of one mm. What their page tables hold is table.c's business,
 * where the columns go the caller's.
 *
 * mmap_lock is held for reading in slices. Within one, mappings cannot change.
 */
#include "walk.h"

#include <linux/delay.h>
#include <linux/error-injection.h>
#include <linux/mmap_lock.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>

#include "table.h"
#include "vma.h"

/*
 * The work of a slice: a page-table entry is 1. At 3 ns an entry a slice is about
 * 50 us; its end is looked for after every page table and every mapping.
 */
#define SLICE_WORK	16384
#define WORK_VMA	64

/*
 * How often to wait for a moment and ask again for mmap_lock before sleeping for it, and
 * in all of a walk: whoever is given it while asleep has it from then on, however long
 * the processor is another's. Where others always want it, there is no other way.
 */
#define LOCK_TRIES	16
#define LOCK_TRIES_WALK	512

/*
 * Locking: mmap_lock is not held before. After 0 it is held for reading, and preemption
 * is off, except on PREEMPT_RT: nothing may sleep until slice_end().
 */
static int slice_lock(struct mc_walk *walk)
{
	unsigned int tries;
	int err;

	for (tries = 0;; tries++) {
		mc_preempt_off();
		if (likely(mmap_read_trylock(walk->mm)))
			return 0;
		mc_preempt_on();
		if (tries == LOCK_TRIES || !walk->lock_tries)
			break;
		walk->lock_tries--;
		usleep_range(50, 100);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	err = mmap_read_lock_killable(walk->mm);
	if (err)
		return err;
	mc_preempt_off();
	return 0;
}

/* Locking: as slice_lock(). */
static int slice_begin(struct mc_walk *walk)
{
	int err;

	mc_resched();
	/*
	 * When nobody but readers has it any more, its memory waits for them to be
	 * freed. A single one can tell without the process.
	 */
	if (atomic_read(&walk->mm->mm_users) == 1 || mc_target_has_left(walk->target))
		return -ESRCH;
	err = slice_lock(walk);
	if (err)
		return err;
	walk->locked_ns = ktime_get_ns();
	walk->budget = SLICE_WORK;
	walk->pmds = NULL;
	walk->cost.slices++;
	return 0;
}

static void slice_end(struct mc_walk *walk)
{
	u64 held;

	mc_table_unlock(walk);
	walk->map_count = walk->mm->map_count;
	walk->total_vm = walk->mm->total_vm;
	held = ktime_get_ns() - walk->locked_ns;
	mmap_read_unlock(walk->mm);
	mc_preempt_on();
	walk->cost.walk_ns += held;
	walk->cost.max_hold_ns = max_t(u64, walk->cost.max_hold_ns, held);
}

/* Return: as slice_begin(). */
static int slice_next(struct mc_walk *walk)
{
	int err;

	/* Whoever removes a tracer waits until every task was somewhere like here. */
	cond_resched_tasks_rcu_qs();
	if (fatal_signal_pending(current))
		return -EINTR;
	err = slice_begin(walk);
	if (err)
		return err;
	if (walk->map_count != walk->mm->map_count || walk->total_vm != walk->mm->total_vm)
		walk->cost.changed++;
	return 0;
}

/* Return: as slice_check(). */
static noinline int slice_drop(struct mc_walk *walk, const struct vm_area_struct *vma,
			       bool contended)
{
	walk->vma_start = vma->vm_start;
	walk->vma_end = vma->vm_end;
	walk->vma_file = vma->vm_file;
	slice_end(walk);
	if (contended) {
		walk->cost.lock_drops++;
		/* A reader that comes back at once would take the lock before a
		 * writer that is still waking up.
		 */
		usleep_range(50, 100);
	}
	return slice_next(walk) ?: 1;
}

/*
 * Lets go of the lock when somebody waits for it, or for the processor, or when it was
 * held for long.
 *
 * Return: 1 when the lock was dropped: no VMA pointer is good any more.
 */
static __always_inline int slice_check(struct mc_walk *walk,
				       const struct vm_area_struct *vma)
{
	bool contended = mmap_lock_is_contended(walk->mm);

	if (likely(walk->budget > 0 && !contended && !mc_resched_is_due()))
		return 0;
	return slice_drop(walk, vma, contended);
}

static __always_inline void vma_look(struct mc_walk *walk, struct vm_area_struct *vma)
{
	walk->vma_flags = vma->vm_flags;
	walk->shmem_swapped = mc_vma_is_shmem(vma) &&
			      READ_ONCE(SHMEM_I(vma->vm_file->f_mapping->host)->swapped);
}

/* Return: 0, 1 when the caller has no use for this mapping, or as enter(). */
static int vma_enter(struct mc_walk *walk, struct vm_area_struct *vma)
{
	struct mc_stats *stats = walk->ops->enter(walk, vma);

	if (IS_ERR_OR_NULL(stats))
		return stats ? PTR_ERR(stats) : 1;
	vma_look(walk, vma);
	mc_tally_begin(&walk->tally, stats, walk->vma_flags & VM_LOCKED,
		       mc_vma_is_private_file(vma));
	walk->inside = true;
	walk->swap_index = 0;
	mc_tally_add(&walk->tally, vmas, 1);
	walk->budget -= WORK_VMA;
	return 0;
}

static void vma_leave(struct mc_walk *walk)
{
	walk->inside = false;
	if (!walk->ops->leave)
		return;
	mc_tally_end(&walk->tally);
	mc_table_unlock(walk);
	walk->ops->leave(walk);
}

/* Passes over mappings. Return: as slice_check(). */
static int vma_skip(struct mc_walk *walk, const struct vm_area_struct *vma)
{
	walk->skip--;
	walk->addr = vma->vm_end;
	walk->budget -= WORK_VMA;
	return slice_check(walk, vma);
}

/*
 * Is it, after the lock was dropped, the mapping that was being walked? That its file
 * is at the same place does not make it the same file: what is known of the mapping
 * is looked up anew in any case.
 */
static bool vma_goes_on(const struct mc_walk *walk, const struct vm_area_struct *vma)
{
	return walk->inside && vma->vm_start == walk->vma_start &&
	       vma->vm_end == walk->vma_end && vma->vm_flags == walk->vma_flags &&
	       vma->vm_file == walk->vma_file;
}

/* Return: as slice_check(). */
static int walk_vma(struct mc_walk *walk, struct vm_area_struct *vma)
{
	unsigned long start = max(walk->addr, vma->vm_start);
	unsigned long end = vma->vm_end;
	int ret;

	walk->addr = start;
	do {
		walk->addr = mc_table_step(walk, vma, walk->addr);
		ret = slice_check(walk, vma);
	} while (!ret && walk->addr < end);
	mc_tally_add(&walk->tally, virt, walk->addr - start);
	return ret;
}

/**
 * mc_walk_start() - before the first mc_walk_mm() of a process
 * @walk: what is made ready; before it was used, all zeroes
 * @ops: who wants to know
 * @cheap: look at no struct page
 * @total: gets the columns of all mappings added
 */
void mc_walk_start(struct mc_walk *walk, const struct mc_walk_ops *ops, bool cheap,
		   struct mc_stats *total)
{
	/* Once: every walk leaves its tally empty. */
	if (!walk->ops)
		mc_tally_init(&walk->tally);
	walk->tally.total = total;
	walk->ops = ops;
	walk->cheap = cheap;
	walk->addr = 0;
	walk->skip = 0;
}

/**
 * mc_walk_mm() - walk the mappings of a process, from walk->addr on
 * @walk: see there
 * @target: the process
 *
 * Locking: none held; sleeps. mmap_lock is not held when it returns.
 * Return: 0 when all were walked, 1 when enter() ended it, -EINTR when the caller
 * was killed, -ESRCH when the mm is about to be torn down. What was counted until
 * then has been added in every case.
 */
int mc_walk_mm(struct mc_walk *walk, const struct mc_target *target)
{
	struct vm_area_struct *vma;
	struct mc_vma_iter iter;
	int ret;

	walk->target = target;
	walk->mm = target->mm;
	walk->inside = false;
	walk->lock_tries = LOCK_TRIES_WALK;
	memset(&walk->cost, 0, sizeof(walk->cost));
	walk->ops->prepare(walk);
	ret = slice_begin(walk);
	if (ret)
		return ret;
again:
	ret = 0;
	mc_vma_iter_init(&iter, walk->mm, walk->addr);
	mc_for_each_vma(&iter, vma) {
		if (unlikely(walk->skip)) {
			ret = vma_skip(walk, vma);
			if (ret < 0)
				goto unlocked;
			if (ret)
				goto again;
			continue;
		}
		if (vma_goes_on(walk, vma)) {
			vma_look(walk, vma);
		} else {
			if (walk->inside)
				vma_leave(walk);
			ret = vma_enter(walk, vma);
			if (ret == -EAGAIN)
				goto prepare;
			if (ret)
				break;
		}
		ret = walk_vma(walk, vma);
		if (ret < 0)
			goto unlocked;
		if (!ret || walk->addr >= walk->vma_end)
			vma_leave(walk);
		if (ret)
			goto again;
	}
	slice_end(walk);
	goto unlocked;

prepare:
	slice_end(walk);
	walk->ops->prepare(walk);
	ret = slice_next(walk);
	if (!ret)
		goto again;
unlocked:
	if (walk->inside)
		vma_leave(walk);
	mc_tally_end(&walk->tally);
	return ret;
}
ALLOW_ERROR_INJECTION(mc_walk_mm, ERRNO);
