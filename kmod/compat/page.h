/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_COMPAT_PAGE_H
#define MC_COMPAT_PAGE_H

#include "compat/config.h"

#include <linux/mm.h>
#include <linux/page_idle.h>
#include <linux/xarray.h>

/*
 * 5.16, "mm: Introduce struct folio": a folio is the head page of a compound page
 * or a page that belongs to none. 5.10 keeps the same facts in the same head page;
 * it gets the calls that the walker makes under their later names.
 */
#ifndef MC_HAVE_FOLIO

struct folio {
	struct page page;
};

static inline struct folio *page_folio(struct page *page)
{
	return (struct folio *)compound_head(page);
}

static inline bool folio_test_large(struct folio *folio)
{
	return PageHead(&folio->page);
}

static inline bool folio_test_anon(struct folio *folio)
{
	return PageAnon(&folio->page);
}

static inline bool folio_test_ksm(struct folio *folio)
{
	return PageKsm(&folio->page);
}

static inline bool folio_test_swapbacked(struct folio *folio)
{
	return PageSwapBacked(&folio->page);
}

static inline bool folio_test_dirty(struct folio *folio)
{
	return PageDirty(&folio->page);
}

static inline bool folio_test_referenced(struct folio *folio)
{
	return PageReferenced(&folio->page);
}

static inline bool folio_test_young(struct folio *folio)
{
	return page_is_young(&folio->page);
}

static inline bool folio_is_zone_device(struct folio *folio)
{
	return is_zone_device_page(&folio->page);
}

static inline int folio_ref_count(struct folio *folio)
{
	return page_ref_count(&folio->page);
}

static inline long folio_nr_pages(struct folio *folio)
{
	return compound_nr(&folio->page);
}

static inline int folio_entire_mapcount(struct folio *folio)
{
	return compound_mapcount(&folio->page);
}

#endif /* MC_HAVE_FOLIO */

/*
 * All of a folio's flags at a time, for what looks at several.
 *
 * 6.18, "mm: introduce memdesc_flags_t": they got a type of their own.
 */
#if defined(MC_HAVE_MEMDESC_FLAGS)
#define MC_FOLIO_FLAGS(folio)	((folio)->flags.f)
#elif defined(MC_HAVE_FOLIO)
#define MC_FOLIO_FLAGS(folio)	((folio)->flags)
#else
#define MC_FOLIO_FLAGS(folio)	((folio)->page.flags)
#endif

static inline unsigned long mc_folio_flags(const struct folio *folio)
{
	return READ_ONCE(MC_FOLIO_FLAGS(folio));
}

/* Those of them that matter for the accounting; with the same, pages look the same. */
#if defined(CONFIG_PAGE_IDLE_FLAG) || \
	(defined(CONFIG_IDLE_PAGE_TRACKING) && defined(CONFIG_64BIT))
#define MC_FOLIO_YOUNG	BIT(PG_young)
#else
#define MC_FOLIO_YOUNG	0
#endif
#define MC_FOLIO_LOOK \
	(BIT(PG_dirty) | BIT(PG_referenced) | BIT(PG_swapbacked) | BIT(PG_head) | \
	 MC_FOLIO_YOUNG)

#ifdef MC_HAVE_FOLIO
#define MC_FOLIO_MAPPING(folio)	((folio)->mapping)
#else
#define MC_FOLIO_MAPPING(folio)	((folio)->page.mapping)
#endif

/* Two low bits of a folio's mapping tell anonymous pages and those of KSM. */
static inline unsigned long mc_folio_mapping(const struct folio *folio)
{
	return (unsigned long)READ_ONCE(MC_FOLIO_MAPPING(folio));
}

/*
 * Has the page these very flags and mapping? They must be those of a folio whose first
 * page it is: the others have no words like these two in their place, if MC_FOLIO_SURE is
 * among the flags. For the walker's inner loop: each is compared where it is, which takes an
 * instruction less than to read it first.
 */
#define MC_FOLIO_SURE		BIT(PG_uptodate)

static inline bool mc_page_has(const struct page *page, unsigned long flags,
			       unsigned long mapping)
{
	const struct folio *folio = (const struct folio *)page;

	/* Others change them meanwhile; one look at each is all that is wanted. */
	return likely(data_race(MC_FOLIO_FLAGS(folio)) == flags) &&
	       /* The same goes for this. */
	       likely(data_race((unsigned long)MC_FOLIO_MAPPING(folio)) == mapping);
}

#define MC_MAPPING_LOOK	3UL
#define MC_MAPPING_ANON	1UL
#define MC_MAPPING_KSM	3UL

/*
 * How often a page of a folio is mapped, by page-table entries of its own and by
 * those that map the whole folio: what the kernel divides PSS by, what decides
 * between private and shared.
 *
 * 6.11, "fs/proc: move page_mapcount() to fs/proc/internal.h": modules lost it
 * and get it anew here. Before 6.2, "mm,thp,rmap: simplify compound page mapcount
 * handling", a file THP counted its whole mappings in every page, and the kernel's
 * own function knows that.
 *
 * 6.15, "fs/proc/task_mmu: remove per-page mapcount dependency for smaps/
 * smaps_rollup (CONFIG_NO_PAGE_MAPCOUNT)": where a kernel is built so, pages have
 * no count any more; /proc then takes the folio's average, and so does this.
 */
static inline int mc_page_mapcount(struct folio *folio, struct page *page)
{
#if defined(MC_HAVE_PAGE_MAPCOUNT)
	return page_mapcount(page);
#elif defined(CONFIG_NO_PAGE_MAPCOUNT)
	int whole, parts;
	long nr = folio_nr_pages(folio);

	if (!folio_test_large(folio))
		return atomic_read(&folio->_mapcount) + 1;
	whole = folio_entire_mapcount(folio);
	parts = folio_mapcount(folio) - whole;
	if (parts <= 0)
		return whole;
	return max_t(int, whole + (parts + nr / 2) / nr, 1);
#else
	int mapcount = atomic_read(&page->_mapcount) + 1;

	/* A page with a type, such as one of hugetlbfs, keeps it in the same place. */
	if (page_mapcount_is_type(mapcount))
		mapcount = 0;
	if (folio_test_large(folio))
		mapcount += folio_entire_mapcount(folio);
	return mapcount;
#endif
}

/* Is a page that is mapped @mapcount times, as above, this process's alone? */
static inline bool mc_page_is_private(struct folio *folio, int mapcount)
{
#ifdef CONFIG_NO_PAGE_MAPCOUNT
	return !folio_maybe_mapped_shared(folio);
#else
	return mapcount < 2;
#endif
}

/*
 * Pages that the entry under the cursor of a page cache stands for.
 *
 * 6.12, "mm: shmem: support large folio swap out": a swapped-out entry of a shmem
 * object can stand for several pages.
 */
static inline unsigned long mc_xas_nr_pages(struct xa_state *xas)
{
#ifdef MC_HAVE_SYM_xas_get_order
	return 1UL << xas_get_order(xas);
#else
	return 1;
#endif
}

#endif /* MC_COMPAT_PAGE_H */
