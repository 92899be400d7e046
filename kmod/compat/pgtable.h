/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_COMPAT_PGTABLE_H
#define MC_COMPAT_PGTABLE_H

#include "compat/config.h"
#include "compat/page.h"

#include <linux/huge_mm.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/version.h>
#ifdef MC_HAVE_SOFTLEAF
#include <linux/leafops.h>
#endif

/* Does it point to a page table? On x86 all else is bad, also what is empty or a leaf. */
static inline bool mc_pmd_is_table(pmd_t pmd)
{
	return (IS_ENABLED(CONFIG_X86) || (pmd_present(pmd) && !pmd_leaf(pmd))) &&
	       !pmd_bad(pmd);
}

/**
 * mc_pte_table_lock() - lock the page table that a PMD entry points to
 * @mm: the target
 * @pmd: the entry
 * @addr: an address below it
 * @ptlp: gets the lock, for mc_pte_table_unlock()
 *
 * 6.5, "mm/pgtable: allow pte_offset_map[_lock]() to fail": since then a table can
 * be freed by others than the target (khugepaged, MADV_COLLAPSE, from 6.14 also
 * MADV_DONTNEED) while mmap_lock is held for reading. The kernel's own
 * pte_offset_map_lock() copes, but calls what is not exported; this does the same.
 *
 * Locking: mmap_lock held. RCU keeps the table, hence the lock in its struct page,
 * until the lock is held; once it is, the PMD entry cannot change.
 * Return: the PTE of @addr, or NULL: no table (any more). Look at @pmd again.
 */
static inline pte_t *mc_pte_table_lock(struct mm_struct *mm, pmd_t *pmd,
				       unsigned long addr, spinlock_t **ptlp)
{
	pmd_t entry;

	rcu_read_lock();
	entry = READ_ONCE(*pmd);
	if (!mc_pmd_is_table(entry))
		goto none;
	*ptlp = pte_lockptr(mm, &entry);
	spin_lock(*ptlp);
	if (!pmd_same(entry, READ_ONCE(*pmd)))
		goto changed;
	rcu_read_unlock();
	/* Sparse cannot follow a lock that is held after one of two ways out. */
	__release(*ptlp);
	return pte_offset_kernel(&entry, addr);

changed:
	spin_unlock(*ptlp);
none:
	rcu_read_unlock();
	return NULL;
}

static inline void mc_pte_table_unlock(spinlock_t *ptl)
{
	__acquire(ptl);
	spin_unlock(ptl);
}

/*
 * An entry. On arm64, one of several that map as many pages in a row: whether these were
 * used or written to can stand in any of them, and this puts it together.
 *
 * 6.9, "arm64/mm: wire up PTE_CONT for user mappings": before, an entry stood for itself.
 *
 * Locking: the lock of the table.
 */
static inline pte_t mc_pte_get(const pte_t *pte)
{
	return ptep_get((pte_t *)pte);
}

/*
 * What the walker's inner loop compares of entries that map pages: with the same
 * MC_PTE_LOOK bits of mc_pte_look(), they say the same of their pages. An entry that
 * maps no page looks like none that does.
 *
 * x86's own pte_present() and its like first take out the page's address, with a mask
 * that is a variable (memory encryption takes bits of it), and pte_page() turns over
 * the address of an entry that is there but must not be used: mc_pte_is_plain() says
 * when mc_pte_page_plain() can leave that out; never in Xen's paravirtual guests, where
 * pte_val() tells the address. Flags are never among the address's bits.
 */
#ifdef CONFIG_X86

#ifdef _PAGE_DIRTY_BITS
#define MC_PTE_DIRTY	_PAGE_DIRTY_BITS
#else
#define MC_PTE_DIRTY	_PAGE_DIRTY
#endif
#define MC_PTE_LOOK \
	(_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_SPECIAL | MC_PTE_DIRTY | _PAGE_ACCESSED)

static inline unsigned long mc_pte_look(pte_t pte)
{
	return native_pte_val(pte) & ~PTE_PFN_MASK;
}

/* Does the entry map a page with an owner, as most do that are not empty? */
static inline bool mc_pte_is_plain(pte_t pte)
{
	return (native_pte_val(pte) & (_PAGE_PRESENT | _PAGE_SPECIAL)) == _PAGE_PRESENT &&
	       !static_cpu_has(X86_FEATURE_XENPV);
}

static inline bool mc_pte_dirty(pte_t pte)
{
	return native_pte_val(pte) & MC_PTE_DIRTY;
}

/* As pfn_to_page(), of which the compiler does not see that its two shifts are one. */
static inline struct page *mc_page_at(unsigned long addr)
{
	if (IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP) && !(PAGE_SIZE % sizeof(struct page)))
		return (void *)vmemmap + addr / (PAGE_SIZE / sizeof(struct page));
	return pfn_to_page(addr >> PAGE_SHIFT);
}

static inline struct page *mc_pte_page_plain(pte_t pte)
{
	return mc_page_at(native_pte_val(pte) & PTE_PFN_MASK);
}

/*
 * Compares an entry with a look: 0 in the bits of mc_pte_other_bits() where they are the
 * same. When all are, what is left of a plain entry is its page.
 */
static inline unsigned long mc_pte_compare(const pte_t *pte, unsigned long look)
{
	return READ_ONCE(pte->pte) ^ look;
}

static inline struct page *mc_pte_compared_page(const pte_t *pte, unsigned long compared)
{
	return mc_page_at(compared);
}

/*
 * To be asked for before a loop: the compiler would join what it knows of it with what
 * follows, and both take longer.
 */
static inline unsigned long mc_pte_other_bits(void)
{
	unsigned long mask = ~PTE_PFN_MASK;

	OPTIMIZER_HIDE_VAR(mask);
	return mask;
}

#else

#define MC_PTE_LOOK	15UL

static inline unsigned long mc_pte_look(pte_t pte)
{
	return (pte_present(pte) ? 1 : 0) | (pte_special(pte) ? 2 : 0) |
	       (pte_dirty(pte) ? 4 : 0) | (pte_young(pte) ? 8 : 0);
}

static inline bool mc_pte_is_plain(pte_t pte)
{
	return pte_present(pte) && !pte_special(pte);
}

static inline bool mc_pte_dirty(pte_t pte)
{
	return pte_dirty(pte);
}

static inline struct page *mc_pte_page_plain(pte_t pte)
{
	return pte_page(pte);
}

static inline unsigned long mc_pte_compare(const pte_t *pte, unsigned long look)
{
	return mc_pte_look(mc_pte_get(pte)) ^ look;
}

static inline struct page *mc_pte_compared_page(const pte_t *pte, unsigned long compared)
{
	return pte_page(mc_pte_get(pte));
}

static inline unsigned long mc_pte_other_bits(void)
{
	return ~0UL;
}

#endif /* CONFIG_X86 */

/*
 * Most of a small process's page tables is empty.
 *
 * Locking: the lock of the table.
 * Return: from an entry on that is empty, the first that is not, or @last.
 */
static __always_inline const pte_t *mc_ptes_skip_empty(const pte_t *pte, const pte_t *last)
{
	int i;

	while (last - pte > 8) {
#pragma GCC unroll 8
		for (i = 1; i <= 8; i++)
			if (!pte_none(pte[i]))
				return pte + i;
		pte += 8;
	}
	do {
		pte++;
	} while (pte != last && pte_none(*pte));
	return pte;
}

/*
 * Does a present PMD leaf map the huge page of zeroes?
 *
 * Its address, huge_zero_pfn, is exported in no release. But nothing else in an
 * anonymous VMA is without an owner, and nothing else in a DAX file off the device.
 *
 * Locking: the PMD lock.
 */
static inline bool mc_pmd_is_zero(const struct vm_area_struct *vma, pmd_t pmd)
{
	struct folio *folio;

	if (vma->vm_flags & VM_PFNMAP || !pfn_valid(pmd_pfn(pmd)))
		return false;
	folio = page_folio(pmd_page(pmd));
	if (vma_is_anonymous((struct vm_area_struct *)vma))
		return !folio_test_anon(folio);
	return vma_is_dax(vma) && !folio_test_anon(folio) &&
	       !folio_is_zone_device(folio);
}

/*
 * Does /proc count a page of DAX that a PMD entry maps? Those that page-table entries
 * map never counted, before 6.17.
 *
 * 6.5, "smaps: use vm_normal_page_pmd() instead of follow_trans_huge_pmd()": before,
 * it did. No compiler sees that.
 */
#define MC_SMAPS_PMD_DEVMAP	(LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0))

/*
 * Does an entry that is special map a page of DAX? They are not counted then. Later ones
 * are not special any more.
 */
static inline bool mc_pte_is_devmap(pte_t pte)
{
#ifdef MC_HAVE_PMD_DEVMAP
	return pte_devmap(pte);
#else
	return false;
#endif
}

/**
 * mc_pmd_page() - the page that a present PMD leaf maps
 * @vma: the VMA
 * @pmd: the entry, read under its lock
 *
 * The kernel's vm_normal_page_pmd() is not exported. As there, what has no page
 * to account, the huge page of zeroes among it, gives NULL.
 *
 * 6.12, "mm: mark special bits for huge pfn mappings when inject": from then on
 * the entry says so itself. Before, the VMA does.
 * 6.17, "mm: remove devmap related functions and page table bits": pages of DAX
 * became like others.
 * 6.1 to 6.5: see probes/follow_protnone_flags.c. A mapping made PROT_NONE, or one
 * that NUMA balancing samples, then misses in smaps what status counts.
 *
 * Locking: the PMD lock.
 */
static inline struct page *mc_pmd_page(const struct vm_area_struct *vma,
				       pmd_t pmd)
{
#ifdef MC_HAVE_PMD_SPECIAL
	if (pmd_special(pmd))
		return NULL;
#endif
#ifdef MC_HAVE_PMD_DEVMAP
	if (!MC_SMAPS_PMD_DEVMAP && pmd_devmap(pmd))
		return NULL;
#endif
#ifdef MC_HAVE_FOLLOW_PROTNONE_FLAGS
	if (pmd_protnone(pmd))
		return NULL;
#endif
	if (vma->vm_flags & VM_PFNMAP || !pfn_valid(pmd_pfn(pmd)))
		return NULL;
	return mc_pmd_is_zero(vma, pmd) ? NULL : pmd_page(pmd);
}

/*
 * How much /proc counts for a PMD leaf that maps @page: all of it. But DAX can map
 * 2 MiB of pages that are no compound page, and then it is the first of them.
 */
static inline unsigned long mc_pmd_bytes(pmd_t pmd, struct page *page)
{
#ifdef MC_HAVE_PMD_DEVMAP
	if (pmd_devmap(pmd))
		return compound_nr(page) << PAGE_SHIFT;
#endif
	return PMD_SIZE;
}

/*
 * The same for a PUD leaf. Only DAX makes them.
 *
 * Locking: the PUD lock.
 */
static inline struct page *mc_pud_page(const struct vm_area_struct *vma, pud_t pud)
{
#ifdef MC_HAVE_PMD_SPECIAL
	if (pud_special(pud))
		return NULL;
#endif
#ifdef MC_HAVE_PMD_DEVMAP
	if (pud_devmap(pud))
		return NULL;
#endif
	if (vma->vm_flags & VM_PFNMAP || !pfn_valid(pud_pfn(pud)))
		return NULL;
	return pud_page(pud);
}

/*
 * What such a leaf says of its page. arm64 has none, and no call for it.
 */
static inline bool mc_pud_dirty(pud_t pud)
{
#ifdef CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD
	return pud_dirty(pud);
#else
	return false;
#endif
}

static inline bool mc_pud_young(pud_t pud)
{
#ifdef CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD
	return pud_young(pud);
#else
	return false;
#endif
}

/*
 * Entries that are neither empty nor present: a page in swap, one that is being
 * migrated, is on a device or poisoned, or a marker with nothing behind it.
 *
 * 6.19, "mm: introduce leaf entry type and use to simplify leaf entry logic": these
 * got a type and names of their own, softleaf; the type is still swp_entry_t.
 * 5.14, "mm: remove special swap entry functions": one call for all that hold a
 * page, pfn_swap_entry_to_page(). 5.10 has one for each kind.
 */
static inline swp_entry_t mc_leaf_from_pte(pte_t pte)
{
#ifdef MC_HAVE_SOFTLEAF
	return softleaf_from_pte(pte);
#else
	return pte_to_swp_entry(pte);
#endif
}

static inline swp_entry_t mc_leaf_from_pmd(pmd_t pmd)
{
#ifdef MC_HAVE_SOFTLEAF
	return softleaf_from_pmd(pmd);
#else
	return pmd_to_swp_entry(pmd);
#endif
}

static inline bool mc_leaf_is_swap(swp_entry_t entry)
{
#ifdef MC_HAVE_SOFTLEAF
	return softleaf_is_swap(entry);
#else
	return !non_swap_entry(entry);
#endif
}

static inline bool mc_leaf_is_migration(swp_entry_t entry)
{
#ifdef MC_HAVE_SOFTLEAF
	return softleaf_is_migration(entry);
#else
	return is_migration_entry(entry);
#endif
}

static inline bool mc_leaf_is_device_private(swp_entry_t entry)
{
#ifdef MC_HAVE_SOFTLEAF
	return softleaf_is_device_private(entry);
#else
	return is_device_private_entry(entry);
#endif
}

/*
 * The page of an entry that /proc counts as resident, or NULL.
 *
 * Locking: the lock of the entry. It keeps a migration from ending.
 */
static inline struct page *mc_leaf_page(swp_entry_t entry)
{
#if defined(MC_HAVE_SOFTLEAF)
	return softleaf_has_pfn(entry) ? softleaf_to_page(entry) : NULL;
#elif defined(MC_HAVE_PFN_SWAP_ENTRY)
	return is_pfn_swap_entry(entry) ? pfn_swap_entry_to_page(entry) : NULL;
#else
	if (is_migration_entry(entry))
		return migration_entry_to_page(entry);
	if (is_device_private_entry(entry))
		return device_private_entry_to_page(entry);
	return NULL;
#endif
}

/*
 * The same for a caller without the lock. That a page being migrated is locked, as
 * the kernel's own functions assert, is then true only most of the time.
 *
 * 6.1, "mm/swap: add swp_offset_pfn() to fetch PFN from swap entry": the offset of
 * a swap entry began to hold more than the number of the page.
 */
static inline struct page *mc_leaf_page_unlocked(swp_entry_t entry)
{
#if defined(MC_HAVE_SOFTLEAF)
	return softleaf_has_pfn(entry) ? pfn_to_page(softleaf_to_pfn(entry)) : NULL;
#elif defined(MC_HAVE_PFN_SWAP_ENTRY)
	return is_pfn_swap_entry(entry) ? pfn_to_page(swp_offset_pfn(entry)) : NULL;
#else
	if (is_migration_entry(entry) || is_device_private_entry(entry))
		return pfn_to_page(swp_offset(entry));
	return NULL;
#endif
}

/*
 * Does /proc count what is swapped out of a shmem object where a private mapping of
 * it has no page table at all?
 *
 * 5.16, "mm/smaps: fix shmem pte hole swap calculation": before, it looked for the
 * swap of such holes at a wrong place and found none. No compiler sees that.
 */
#define MC_SMAPS_SHMEM_HOLES	(LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0))

/*
 * Does /proc look for pages in a mapping of a device's memory? Where it is private
 * there are copies, which were made on write. The entries of the device itself are
 * special, so that they never count.
 *
 * 6.2, "mm/pagewalk: don't trigger test_walk() in walk_page_vma()": before, such
 * mappings were passed over. No compiler sees that.
 */
#define MC_SMAPS_PFNMAP		(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0))

/*
 * How /proc divides the page of an entry that is not present: by its mapcount as
 * if it were, or whole, as private or as shared.
 *
 * 6.11, "fs/proc/task_mmu: account non-present entries as "maybe shared, but no
 * idea how often"": before, a migration entry was private and all others were
 * divided; since, only a device-private one is divided and all others are shared.
 * The same series took page_mapcount() from modules, which tells the two apart.
 */
enum mc_leaf_sharing {
	MC_LEAF_BY_MAPCOUNT,
	MC_LEAF_PRIVATE,
	MC_LEAF_SHARED,
};

static inline enum mc_leaf_sharing mc_leaf_sharing(swp_entry_t entry)
{
#ifdef MC_HAVE_PAGE_MAPCOUNT
	return mc_leaf_is_migration(entry) ? MC_LEAF_PRIVATE :
					     MC_LEAF_BY_MAPCOUNT;
#else
	return mc_leaf_is_device_private(entry) ? MC_LEAF_BY_MAPCOUNT :
						  MC_LEAF_SHARED;
#endif
}

#endif /* MC_COMPAT_PGTABLE_H */
