// SPDX-License-Identifier: GPL-2.0
/*
 * The page tables of one mapping: which entries there are. What a page is counted as
 * is stats.c's business.
 *
 * While mmap_lock is held, entries can change: faults, reclaim, migration and
 * khugepaged go on. Each is read under the lock that it changes under. Page tables
 * below a mapping stay, but for those that mc_pte_table_lock() and step_hugetlb()
 * tell of.
 */
#include "table.h"

#include <linux/hugetlb.h>
#include <linux/rcupdate.h>

/*
 * The work of a step. To that comes 1 for each page-table entry, each page of a huge one
 * that is looked at, each page that a file of shmem has in a part of it.
 */
#define WORK_STEP	32
/* What the lock of a page table is held for. */
#define LOCK_WORK	1024

/* Entries that are neither empty nor present. */
static void count_pte_leaf(struct mc_walk *walk, pte_t pte)
{
	swp_entry_t entry = mc_leaf_from_pte(pte);
	struct page *page;

	if (mc_leaf_is_swap(entry)) {
		mc_tally_add(&walk->tally, swap, PAGE_SIZE);
		return;
	}
	page = mc_leaf_page(entry);
	if (!page)
		return;
	if (walk->cheap)
		mc_tally_add(&walk->tally, rss, PAGE_SIZE);
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
		mc_tally_add(&walk->tally, zero, size);
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
		mc_tally_add(&walk->tally, swap, PAGE_SIZE);
		mc_tally_add(&walk->tally, swap_shmem, PAGE_SIZE);
	}
}

/*
 * An entry that does not look like that of the page before it; an empty one only
 * where it matters, shmem_swap_by_entry().
 */
static noinline void count_pte(struct mc_walk *walk, struct vm_area_struct *vma, pte_t pte,
			       unsigned long addr)
{
	if (pte_none(pte))
		count_swap_behind(walk, vma, addr);
	else if (!pte_present(pte))
		count_pte_leaf(walk, pte);
	else if (mc_pte_is_devmap(pte))
		return;
	else if (pte_special(pte))
		count_special(walk, PAGE_SIZE);
	else if (walk->cheap)
		mc_tally_add(&walk->tally, rss, PAGE_SIZE);
	else
		mc_tally_odd_page(&walk->tally, pte_page(pte), pte);
}

/* The entries of @addr to @end in the locked page table. */
static void count_ptes(struct mc_walk *walk, struct vm_area_struct *vma,
		       unsigned long addr, unsigned long end)
{
	const pte_t *pte = walk->table + pte_index(addr);
	const pte_t *last = pte + ((end - addr) >> PAGE_SHIFT);
	bool holes = shmem_swap_by_entry(walk);
	struct mc_tally *tally = &walk->tally;

	while ((pte = mc_tally_run(tally, holes, pte, last)) != last) {
		pte_t entry = mc_pte_get(pte);

		if (likely(mc_pte_is_plain(entry)))
			mc_tally_page(tally, entry);
		else
			count_pte(walk, vma, entry, end - (last - pte) * PAGE_SIZE);
		pte++;
	}
}

static void count_ptes_cheap(struct mc_walk *walk, struct vm_area_struct *vma,
			     unsigned long addr, unsigned long end)
{
	const pte_t *pte = walk->table + pte_index(addr);
	const pte_t *last = pte + ((end - addr) >> PAGE_SHIFT);
	bool holes = shmem_swap_by_entry(walk);
	unsigned long pages = 0;

	while (pte != last) {
		pte_t entry = mc_pte_get(pte);

		if (likely(mc_pte_is_plain(entry))) {
			pages++;
			pte++;
		} else if (pte_none(entry) && likely(!holes)) {
			pte = mc_ptes_skip_empty(pte, last);
		} else {
			count_pte(walk, vma, entry, end - (last - pte) * PAGE_SIZE);
			pte++;
		}
	}
	mc_tally_add(&walk->tally, rss, pages << PAGE_SHIFT);
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
				mc_tally_add(&walk->tally, zero, bytes);
			return;
		}
		bytes = min(bytes, mc_pmd_bytes(pmd, page));
		if (walk->cheap)
			mc_tally_add(&walk->tally, rss, bytes);
		else
			walk->budget -= mc_tally_huge(&walk->tally, page + skipped,
						      bytes >> PAGE_SHIFT, pmd_dirty(pmd),
						      pmd_young(pmd));
	} else {
		swp_entry_t entry = mc_leaf_from_pmd(pmd);

		page = mc_leaf_page(entry);
		if (!page)
			return;
		if (walk->cheap)
			mc_tally_add(&walk->tally, rss, bytes);
		else
			walk->budget -= mc_tally_leaf(&walk->tally, entry, page + skipped,
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

	walk->budget -= (end - addr) >> PAGE_SHIFT;
	rcu_read_lock();
	xas_for_each(&xas, entry, last) {
		if (xas_retry(&xas, entry) || !xa_is_value(entry))
			continue;
		bytes += mc_xas_nr_pages(&xas) << PAGE_SHIFT;
		/* An entry for many pages may reach into the next part. */
		walk->swap_index = (xas.xa_index | (mc_xas_nr_pages(&xas) - 1)) + 1;
	}
	rcu_read_unlock();
	mc_tally_add(&walk->tally, swap, bytes);
	mc_tally_add(&walk->tally, swap_shmem, bytes);
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
static noinline unsigned long step_pmd_leaf(struct mc_walk *walk, struct vm_area_struct *vma,
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

/**
 * mc_table_unlock() - let go of the page table that the last step was in
 * @walk: the walk
 *
 * To be called before mmap_lock is let go, and all that may take long.
 */
void mc_table_unlock(struct mc_walk *walk)
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
	mc_table_unlock(walk);
	return false;
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
			mc_tally_add(&walk->tally, rss, PUD_SIZE);
		else
			walk->budget -= mc_tally_huge(&walk->tally, page,
						      folio_nr_pages(page_folio(page)),
						      mc_pud_dirty(entry), mc_pud_young(entry));
	}
	spin_unlock(ptl);
}

/*
 * Goes down to the table of the PMD entry of an address. If there is none, what the
 * entry above maps is counted, or that it maps nothing.
 *
 * Return: where to go on; @addr when the table was found.
 */
static noinline unsigned long pmds_find(struct mc_walk *walk, struct vm_area_struct *vma,
					unsigned long addr, unsigned long end)
{
	unsigned long next;
	pgd_t *pgd;
	p4d_t *p4d;
	pud_t *pud, entry;

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
	return addr;

hole:
	count_hole(walk, vma, addr, next);
	return next;
}

/*
 * Locks the page table of an address. If there is none, what the entry above maps is
 * counted, or that it maps nothing.
 *
 * Return: where to go on; without a page table, @addr means once more.
 */
static unsigned long table_find(struct mc_walk *walk, struct vm_area_struct *vma,
				unsigned long addr, unsigned long end)
{
	unsigned long next;
	pmd_t *pmd;

	if (unlikely(!walk->pmds || (addr & PUD_MASK) != walk->pmds_addr)) {
		next = pmds_find(walk, vma, addr, end);
		if (next != addr)
			return next;
	}
	pmd = walk->pmds + pmd_index(addr);
	if (likely(table_lock(walk, pmd, addr)))
		return addr;
	return step_pmd_leaf(walk, vma, pmd, addr, pmd_addr_end(addr, end));
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

/*
 * Before "mm/hugetlb: fix huge_pmd_unshare() vs GUP-fast race", 6.16 and the stable
 * releases of its time, a shared table could be freed at once. What is then read in the
 * place of an entry is anything, and must not be followed to where no page is.
 */
static struct page *existing_page(struct page *page)
{
	return page && pfn_valid(page_to_pfn(page)) ? page : NULL;
}

/*
 * Only tables of PMDs are shared. Since "mm: hugetlb: independent PMD page table shared
 * count", 6.13 and the stable releases of its time, only theirs have a count; in others
 * smaps takes for it what their page was last used for.
 */
static bool hugetlb_is_shared(pte_t *pte, struct page *page, unsigned long size,
			      bool by_mapcount)
{
	return !by_mapcount || mc_page_mapcount(page_folio(page), page) >= 2 ||
	       (size == PMD_SIZE && hugetlb_pmd_shared(pte));
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
	unsigned long size = huge_page_size(hstate_vma(vma));
	unsigned long flags;
	struct page *page = NULL;
	bool shared = false;
	pte_t *pte;

	if (walk->cheap)
		return end;
	mc_table_unlock(walk);
	local_irq_save(flags);
	pte = hugetlb_entry(walk->mm, addr, size);
	if (pte) {
		pte_t entry = READ_ONCE(*pte);

		if (pte_present(entry)) {
			page = existing_page(pte_page(entry));
			if (page)
				shared = hugetlb_is_shared(pte, page, size, true);
		} else if (!pte_none(entry)) {
			swp_entry_t leaf = mc_leaf_from_pte(entry);

			page = existing_page(mc_leaf_page_unlocked(leaf));
			if (page)
				shared = hugetlb_is_shared(pte, page, size,
							   mc_leaf_sharing(leaf) != MC_LEAF_SHARED);
		}
	}
	local_irq_restore(flags);
	if (page) {
		if (shared)
			mc_tally_add(&walk->tally, hugetlb_shared, size);
		else
			mc_tally_add(&walk->tally, hugetlb_private, size);
	}
	walk->budget -= WORK_STEP;
	return min(ALIGN_DOWN(addr, size) + size, end);
}

/**
 * mc_table_step() - count what one page table maps, or one entry above that maps itself
 * @walk: the walk; gets it counted, and the work taken from its budget
 * @vma: the mapping
 * @addr: where to begin, in the mapping
 *
 * Locking: mmap_lock held for reading. The page table's lock can stay held, until
 * mc_table_unlock().
 * Return: where to go on.
 */
unsigned long mc_table_step(struct mc_walk *walk, struct vm_area_struct *vma,
			    unsigned long addr)
{
	unsigned long end = vma->vm_end;

	walk->budget -= WORK_STEP;
	if (vma->vm_flags & VM_PFNMAP && !MC_SMAPS_PFNMAP)
		return end;
	if (is_vm_hugetlb_page(vma))
		return step_hugetlb(walk, vma, addr, end);
	/* The object's swap is counted in parts of bounded size. */
	if (unlikely(walk->shmem_swapped)) {
		mc_table_unlock(walk);
		end = pmd_addr_end(addr, end);
		if (!shmem_swap_by_entry(walk))
			count_shmem_swap(walk, vma, addr, end);
	}
	if (!table_is_locked(walk, addr)) {
		unsigned long next = table_find(walk, vma, addr, end);

		if (!walk->table)
			return next;
	}
	end = pmd_addr_end(addr, end);
	walk->budget -= (end - addr) >> PAGE_SHIFT;
	if (walk->cheap)
		count_ptes_cheap(walk, vma, addr, end);
	else
		count_ptes(walk, vma, addr, end);
	return end;
}
