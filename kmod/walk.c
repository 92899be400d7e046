// SPDX-License-Identifier: GPL-2.0
/*
 * Walks the mappings and page tables of one mm: which entries there are. What a
 * page is counted as is stats.c's business, where the columns go the caller's.
 *
 * mmap_lock is held for reading in slices. Within one, mappings cannot change, but
 * entries can: faults, reclaim, migration and khugepaged go on. Each entry is read
 * under the lock that it changes under. Page tables below a mapping stay, but for
 * those that mc_pte_table_lock() and step_hugetlb() tell of.
 */
#include "walk.h"

#include <linux/delay.h>
#include <linux/hugetlb.h>
#include <linux/mmap_lock.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>

#include "vma.h"

/*
 * The work of a slice: a page-table entry is 1. At 3 ns an entry a slice is about
 * 50 us; its end is looked for after every page table and every mapping.
 */
#define SLICE_WORK	16384
#define WORK_TABLE	32
#define WORK_VMA	64
/* Of it, what the lock of a page table is held for. */
#define LOCK_WORK	1024

/* Entries that are neither empty nor present. */
static void count_pte_leaf(struct mc_walk *walk, pte_t pte)
{
	swp_entry_t entry = mc_leaf_from_pte(pte);
	struct page *page;

	if (mc_leaf_is_swap(entry)) {
		walk->stats->counts.swap += PAGE_SIZE;
		return;
	}
	page = mc_leaf_page(entry);
	if (!page)
		return;
	if (walk->cheap)
		walk->stats->counts.rss += PAGE_SIZE;
	else
		mc_tally_leaf(&walk->tally, entry, page, 1);
}

/*
 * An entry that maps no page with an owner: where the mapping itself is not made of
 * such, the zero page.
 */
static void count_special(struct mc_walk *walk, unsigned long size)
{
	if (!(walk->vma_flags & (VM_PFNMAP | VM_MIXEDMAP)))
		walk->stats->counts.zero += size;
}

/*
 * Does it matter entry by entry? A private mapping that can be written to has pages
 * and swap of its own in place of the object's.
 */
static bool shmem_swap_by_entry(const struct mc_walk *walk)
{
	return walk->shmem_swapped &&
	       (walk->vma_flags & (VM_SHARED | VM_WRITE)) == VM_WRITE;
}

/* A private mapping of a shmem object sees what was swapped out of the object. */
static void count_swap_behind(struct mc_walk *walk, struct vm_area_struct *vma,
			      unsigned long addr)
{
	if (xa_is_value(xa_load(&vma->vm_file->f_mapping->i_pages,
				linear_page_index(vma, addr)))) {
		walk->stats->counts.swap += PAGE_SIZE;
		walk->stats->counts.swap_shmem += PAGE_SIZE;
	}
}

/*
 * An entry that does not look like that of the page before it; an empty one only
 * where it matters, shmem_swap_by_entry().
 */
static void count_pte(struct mc_walk *walk, struct vm_area_struct *vma, pte_t pte,
		      unsigned long addr)
{
	if (pte_none(pte))
		count_swap_behind(walk, vma, addr);
	else if (!pte_present(pte))
		count_pte_leaf(walk, pte);
	else if (pte_special(pte))
		count_special(walk, PAGE_SIZE);
	else if (walk->cheap)
		walk->stats->counts.rss += PAGE_SIZE;
	else
		mc_tally_page(&walk->tally, pte_page(pte), pte);
}

/* The last of the empty entries from @pte on. */
static inline pte_t *skip_empty(pte_t *pte, const pte_t *last)
{
	while (last - pte > MC_PTES_AT_ONCE && mc_ptes_are_zero(pte + 1))
		pte += MC_PTES_AT_ONCE;
	while (pte + 1 != last && pte_none(ptep_get(pte + 1)))
		pte++;
	return pte;
}

/* The entries of @addr to @end in the locked page table. */
static void count_ptes(struct mc_walk *walk, struct vm_area_struct *vma,
		       unsigned long addr, unsigned long end)
{
	pte_t *pte = walk->table + pte_index(addr);
	pte_t *last = pte + ((end - addr) >> PAGE_SHIFT);
	bool holes = shmem_swap_by_entry(walk);
	struct mc_tally *tally = &walk->tally;

	while ((pte = mc_tally_run(tally, pte, last)) != last) {
		pte_t entry = ptep_get(pte);

		if (likely(mc_pte_is_plain(entry) && !pte_special(entry)))
			mc_tally_page(tally, mc_pte_page_plain(entry), entry);
		else if (!pte_none(entry) || unlikely(holes))
			count_pte(walk, vma, entry, end - (last - pte) * PAGE_SIZE);
		else
			pte = skip_empty(pte, last);
		pte++;
	}
}

static void count_ptes_cheap(struct mc_walk *walk, struct vm_area_struct *vma,
			     unsigned long addr, unsigned long end)
{
	pte_t *pte = walk->table + pte_index(addr);
	pte_t *last = pte + ((end - addr) >> PAGE_SHIFT);
	bool holes = shmem_swap_by_entry(walk);
	unsigned long pages = 0;

	for (; pte != last; pte++) {
		pte_t entry = ptep_get(pte);

		if (likely(mc_pte_is_plain(entry) && !pte_special(entry)))
			pages++;
		else if (!pte_none(entry) || unlikely(holes))
			count_pte(walk, vma, entry, end - (last - pte) * PAGE_SIZE);
		else
			pte = skip_empty(pte, last);
	}
	walk->stats->counts.rss += pages << PAGE_SHIFT;
}

/*
 * Counts what a PMD entry maps by itself: all of it, or what comes after the part that
 * was walked before the mapping grew over it and got a huge page.
 *
 * Locking: the PMD lock.
 */
static void count_pmd(struct mc_walk *walk, struct vm_area_struct *vma, pmd_t pmd,
		      unsigned long addr, unsigned long end)
{
	unsigned long skipped = (addr & ~PMD_MASK) >> PAGE_SHIFT;
	unsigned long bytes = end - addr;
	struct page *page;

	if (pmd_present(pmd)) {
		page = mc_pmd_page(vma, pmd);
		if (!page) {
			if (mc_pmd_is_zero(vma, pmd))
				walk->stats->counts.zero += bytes;
			return;
		}
		bytes = min(bytes, mc_pmd_bytes(pmd, page));
		if (walk->cheap)
			walk->stats->counts.rss += bytes;
		else
			mc_tally_huge(&walk->tally, page + skipped, bytes >> PAGE_SHIFT,
				      pmd_dirty(pmd), pmd_young(pmd));
	} else {
		swp_entry_t entry = mc_leaf_from_pmd(pmd);

		page = mc_leaf_page(entry);
		if (!page)
			return;
		if (walk->cheap)
			walk->stats->counts.rss += bytes;
		else
			mc_tally_leaf(&walk->tally, entry, page + skipped,
				      bytes >> PAGE_SHIFT);
	}
}

/*
 * Counts the swapped-out pages of a shmem object that a part of a mapping stands
 * for. They are in the object's page cache, not in the page table.
 */
static void count_shmem_swap(struct mc_walk *walk, struct vm_area_struct *vma,
			     unsigned long addr, unsigned long end)
{
	pgoff_t first = linear_page_index(vma, addr);
	pgoff_t last = first + ((end - addr) >> PAGE_SHIFT) - 1;
	XA_STATE(xas, &vma->vm_file->f_mapping->i_pages, max(first, walk->swap_index));
	u64 bytes = 0;
	void *entry;

	rcu_read_lock();
	xas_for_each(&xas, entry, last) {
		if (xas_retry(&xas, entry) || !xa_is_value(entry))
			continue;
		bytes += mc_xas_nr_pages(&xas) << PAGE_SHIFT;
		/* An entry for many pages may reach into the next part. */
		walk->swap_index = (xas.xa_index | (mc_xas_nr_pages(&xas) - 1)) + 1;
	}
	rcu_read_unlock();
	walk->stats->counts.swap += bytes;
	walk->stats->counts.swap_shmem += bytes;
}

/* A part of a mapping without a page table. */
static void count_hole(struct mc_walk *walk, struct vm_area_struct *vma,
		       unsigned long addr, unsigned long end)
{
	if (MC_SMAPS_SHMEM_HOLES && unlikely(shmem_swap_by_entry(walk)))
		count_shmem_swap(walk, vma, addr, end);
}

/*
 * A PMD entry with no page table below it.
 *
 * Return: where to go on. That is @addr again when the entry changed meanwhile.
 */
static unsigned long step_pmd_leaf(struct mc_walk *walk, struct vm_area_struct *vma,
				   pmd_t *pmd, unsigned long addr, unsigned long end)
{
	pmd_t entry = READ_ONCE(*pmd);
	spinlock_t *ptl;		/* of the entry */

	if (pmd_none(entry)) {
		count_hole(walk, vma, addr, end);
		return end;
	}
	if (pmd_present(entry) && !pmd_leaf(entry))
		return pmd_bad(entry) ? end : addr;

	ptl = pmd_lock(walk->mm, pmd);
	entry = READ_ONCE(*pmd);
	if (!pmd_none(entry) && (!pmd_present(entry) || pmd_leaf(entry))) {
		count_pmd(walk, vma, entry, addr, end);
		addr = end;
	}
	spin_unlock(ptl);
	return addr;
}

/* Return: false when there is no page table. */
static bool table_lock(struct mc_walk *walk, pmd_t *pmd, unsigned long addr)
{
	walk->table_addr = addr & PMD_MASK;
	walk->table = mc_pte_table_lock(walk->mm, pmd, walk->table_addr, &walk->table_lock);
	walk->table_budget = walk->budget - LOCK_WORK;
	return walk->table;
}

static void table_unlock(struct mc_walk *walk)
{
	if (!walk->table)
		return;
	mc_tally_unlocked(&walk->tally);
	mc_pte_table_unlock(walk->table_lock);
	walk->table = NULL;
}

/* Is the page table of @addr locked, and may it still be? If not, none is. */
static bool table_is_locked(struct mc_walk *walk, unsigned long addr)
{
	if (walk->table && walk->table_addr == (addr & PMD_MASK) &&
	    walk->budget > walk->table_budget)
		return true;
	table_unlock(walk);
	return false;
}

/* Return: where to go on. */
static unsigned long step_table(struct mc_walk *walk, struct vm_area_struct *vma,
				unsigned long addr, unsigned long end)
{
	walk->budget -= (end - addr) >> PAGE_SHIFT;
	if (walk->cheap)
		count_ptes_cheap(walk, vma, addr, end);
	else
		count_ptes(walk, vma, addr, end);
	return end;
}

/* Return: as step_pmd_leaf(). */
static unsigned long step_pmd(struct mc_walk *walk, struct vm_area_struct *vma,
			      pmd_t *pmd, unsigned long addr, unsigned long end)
{
	if (unlikely(!table_lock(walk, pmd, addr)))
		return step_pmd_leaf(walk, vma, pmd, addr, end);
	return step_table(walk, vma, addr, end);
}

/* Return: as step_pmd_leaf(). */
static unsigned long step_pmds(struct mc_walk *walk, struct vm_area_struct *vma,
			       unsigned long addr, unsigned long end)
{
	return step_pmd(walk, vma, walk->pmds + pmd_index(addr), addr,
			pmd_addr_end(addr, end));
}

/* A huge page of 1 GiB that is not hugetlbfs's: DAX. */
static void step_pud_leaf(struct mc_walk *walk, struct vm_area_struct *vma, pud_t *pud)
{
	spinlock_t *ptl = pud_lock(walk->mm, pud);
	pud_t entry = READ_ONCE(*pud);
	struct page *page = NULL;

	if (pud_present(entry) && pud_leaf(entry))
		page = mc_pud_page(vma, entry);
	if (page) {
		if (walk->cheap)
			walk->stats->counts.rss += PUD_SIZE;
		else
			mc_tally_huge(&walk->tally, page, folio_nr_pages(page_folio(page)),
				      pud_dirty(entry), pud_young(entry));
	}
	spin_unlock(ptl);
}

/*
 * Goes down to one page table, or one entry above that maps by itself.
 *
 * Return: where to go on.
 */
static unsigned long step(struct mc_walk *walk, struct vm_area_struct *vma,
			  unsigned long addr, unsigned long end)
{
	unsigned long next;
	pgd_t *pgd;
	p4d_t *p4d;
	pud_t *pud, entry;

	/* The object's swap is counted in parts of bounded size. */
	if (unlikely(walk->shmem_swapped)) {
		table_unlock(walk);
		end = pmd_addr_end(addr, end);
		if (!shmem_swap_by_entry(walk))
			count_shmem_swap(walk, vma, addr, end);
	}

	if (table_is_locked(walk, addr))
		return step_table(walk, vma, addr, pmd_addr_end(addr, end));
	if (likely(walk->pmds && (addr & PUD_MASK) == walk->pmds_addr))
		return step_pmds(walk, vma, addr, end);

	pgd = pgd_offset(walk->mm, addr);
	next = pgd_addr_end(addr, end);
	if (pgd_none(*pgd) || unlikely(pgd_bad(*pgd)))
		goto hole;
	p4d = p4d_offset(pgd, addr);
	next = p4d_addr_end(addr, end);
	if (p4d_none(*p4d) || unlikely(p4d_bad(*p4d)))
		goto hole;
	pud = pud_offset(p4d, addr);
	next = pud_addr_end(addr, end);
	/* Once: a huge page of a device can be taken away without mmap_lock. */
	entry = READ_ONCE(*pud);
	if (pud_none(entry))
		goto hole;
	if (unlikely(pud_leaf(entry))) {
		step_pud_leaf(walk, vma, pud);
		return next;
	}
	if (unlikely(pud_bad(entry)))
		goto hole;
	walk->pmds_addr = addr & PUD_MASK;
	walk->pmds = pmd_offset_lockless(pud, entry, walk->pmds_addr);
	return step_pmds(walk, vma, addr, end);

hole:
	count_hole(walk, vma, addr, next);
	return next;
}

#if defined(CONFIG_ARCH_WANT_HUGE_PMD_SHARE) && !defined(CONFIG_MMU_GATHER_RCU_TABLE_FREE)
#error this kernel frees page tables that processes share without waiting for readers
#endif

/* The entry of a page of @size bytes, or NULL. Locking: interrupts are off. */
static pte_t *hugetlb_entry(struct mm_struct *mm, unsigned long addr, unsigned long size)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud, pud_entry;
	pmd_t *pmd, pmd_entry;

	if (pgd_none(*pgd) || pgd_bad(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d) || p4d_bad(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	pud_entry = READ_ONCE(*pud);
	if (size >= PUD_SIZE)
		return (pte_t *)pud;
	if (!pud_present(pud_entry) || pud_leaf(pud_entry))
		return NULL;
	pmd = pmd_offset_lockless(pud, pud_entry, addr);
	if (size >= PMD_SIZE)
		return (pte_t *)pmd;
	pmd_entry = READ_ONCE(*pmd);
	if (!pmd_present(pmd_entry) || pmd_leaf(pmd_entry))
		return NULL;
	return pte_offset_kernel(&pmd_entry, addr);
}

static bool hugetlb_is_shared(pte_t *pte, struct page *page, bool by_mapcount)
{
	return !by_mapcount || mc_page_mapcount(page_folio(page), page) >= 2 ||
	       hugetlb_pmd_shared(pte);
}

/*
 * One page of hugetlbfs. Several processes can share the table that holds its
 * entry, and another one can take it away from this process and free it; the lock
 * against that is not exported. But it is freed only after every CPU has taken an
 * interrupt, on account of lockless GUP (CONFIG_MMU_GATHER_RCU_TABLE_FREE): while
 * interrupts are off, it stays. The page is looked at without the entry's lock: its
 * struct page stays whatever becomes of it, and its mapcount is a snapshot in /proc as
 * well.
 */
static unsigned long step_hugetlb(struct mc_walk *walk, struct vm_area_struct *vma,
				  unsigned long addr, unsigned long end)
{
	struct memclass_counts *counts = &walk->stats->counts;
	unsigned long size = huge_page_size(hstate_vma(vma));
	unsigned long flags;
	struct page *page = NULL;
	bool shared = false;
	pte_t *pte;

	if (walk->cheap)
		return end;
	table_unlock(walk);
	local_irq_save(flags);
	pte = hugetlb_entry(walk->mm, addr, size);
	if (pte) {
		pte_t entry = READ_ONCE(*pte);

		if (pte_present(entry)) {
			page = pte_page(entry);
			shared = hugetlb_is_shared(pte, page, true);
		} else if (!pte_none(entry)) {
			swp_entry_t leaf = mc_leaf_from_pte(entry);

			page = mc_leaf_page_unlocked(leaf);
			if (page)
				shared = hugetlb_is_shared(pte, page,
							   mc_leaf_sharing(leaf) != MC_LEAF_SHARED);
		}
	}
	local_irq_restore(flags);
	if (page) {
		if (shared)
			counts->hugetlb_shared += size;
		else
			counts->hugetlb_private += size;
	}
	walk->budget -= WORK_TABLE;
	return min(ALIGN_DOWN(addr, size) + size, end);
}

/* Locking: mmap_lock is not held before, and held for reading after 0 is returned. */
static int slice_begin(struct mc_walk *walk)
{
	int err;

	/*
	 * When nobody but readers has it any more, its memory waits for them to be
	 * freed. A single one can tell without the process.
	 */
	if (atomic_read(&walk->mm->mm_users) == 1 || mc_target_has_left(walk->target))
		return -ESRCH;
	err = mmap_read_lock_killable(walk->mm);
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

	table_unlock(walk);
	walk->map_count = walk->mm->map_count;
	walk->total_vm = walk->mm->total_vm;
	mmap_read_unlock(walk->mm);
	held = ktime_get_ns() - walk->locked_ns;
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
 * Lets go of the lock when somebody waits for it, or when it was held for long.
 *
 * Return: 1 when the lock was dropped: no VMA pointer is good any more.
 */
static __always_inline int slice_check(struct mc_walk *walk,
				       const struct vm_area_struct *vma)
{
	bool contended = mmap_lock_is_contended(walk->mm);

	if (likely(walk->budget > 0 && !contended && !need_resched()))
		return 0;
	return slice_drop(walk, vma, contended);
}

static __always_inline void vma_look(struct mc_walk *walk, struct vm_area_struct *vma)
{
	walk->vma_flags = vma->vm_flags;
	walk->private_file = mc_vma_is_private_file(vma);
	walk->shmem_swapped = mc_vma_is_shmem(vma) &&
			      READ_ONCE(SHMEM_I(vma->vm_file->f_mapping->host)->swapped);
}

/* What has been counted goes where it belongs. */
static void tally_fold(struct mc_walk *walk)
{
	if (walk->stats)
		mc_tally_fold(&walk->tally, walk->vma_flags & VM_LOCKED,
			      walk->private_file, walk->stats);
}

/* Does what is counted of a mapping go where that of the last one does? */
static bool tally_goes_on(const struct mc_walk *walk, const struct mc_stats *stats,
			  const struct vm_area_struct *vma)
{
	return walk->stats == stats && !((walk->vma_flags ^ vma->vm_flags) & VM_LOCKED) &&
	       walk->private_file == mc_vma_is_private_file(vma);
}

/* Return: 0, 1 when the caller has no use for this mapping, or as enter(). */
static int vma_enter(struct mc_walk *walk, struct vm_area_struct *vma)
{
	struct mc_stats *stats = walk->ops->enter(walk, vma);

	if (IS_ERR_OR_NULL(stats))
		return stats ? PTR_ERR(stats) : 1;
	if (!tally_goes_on(walk, stats, vma))
		tally_fold(walk);
	walk->stats = stats;
	walk->inside = true;
	vma_look(walk, vma);
	walk->swap_index = 0;
	stats->counts.vmas++;
	walk->budget -= WORK_VMA;
	return 0;
}

static void vma_leave(struct mc_walk *walk)
{
	walk->inside = false;
	if (!walk->ops->leave)
		return;
	tally_fold(walk);
	table_unlock(walk);
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
	unsigned long next;
	int ret;

	walk->addr = max(walk->addr, vma->vm_start);
	do {
		if (vma->vm_flags & VM_PFNMAP && !MC_SMAPS_PFNMAP)
			next = vma->vm_end;
		else if (is_vm_hugetlb_page(vma))
			next = step_hugetlb(walk, vma, walk->addr, vma->vm_end);
		else
			next = step(walk, vma, walk->addr, vma->vm_end);
		walk->stats->counts.virt += next - walk->addr;
		walk->addr = next;
		walk->budget -= WORK_TABLE;
		ret = slice_check(walk, vma);
	} while (!ret && walk->addr < vma->vm_end);
	return ret;
}

/**
 * mc_walk_start() - before the first mc_walk_mm() of a process
 * @walk: what is made ready; before it was used, all zeroes
 * @ops: who wants to know
 * @cheap: look at no struct page
 */
void mc_walk_start(struct mc_walk *walk, const struct mc_walk_ops *ops, bool cheap)
{
	/* Once: every walk leaves its tally empty. */
	if (!walk->ops)
		mc_tally_init(&walk->tally);
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
	walk->stats = NULL;
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
	tally_fold(walk);
	return ret;
}
