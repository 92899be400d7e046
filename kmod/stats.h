/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_STATS_H
#define MC_STATS_H

#include "compat.h"
#include "uapi/memclass.h"

/*
 * PSS is kept with as many fractional bits as /proc keeps it, so that sums are cut
 * at the same place as there.
 */
#define MC_PSS_SHIFT	12
#define MC_PSS_PAGE	((u64)PAGE_SIZE << MC_PSS_SHIFT)

/* Columns of one class or mapping; those of PSS, and locked, scaled as above. */
struct mc_stats {
	struct memclass_counts counts;
};

void mc_stats_add(struct mc_stats *sum, const struct mc_stats *stats);
void mc_stats_finish(struct mc_stats *stats);

/*
 * Resident pages are first sorted into buckets by all that matters about them;
 * mc_tally_fold() then turns the buckets into columns.
 */
enum mc_tally_bits {
	MC_TALLY_SHARED		= 1 << 0,
	MC_TALLY_DIRTY		= 1 << 1,
	MC_TALLY_REFERENCED	= 1 << 2,
	/* What kind of page: of two bits, so that each can be had from the page. */
	MC_TALLY_SWAPBACKED	= 1 << 3,
	MC_TALLY_ANON		= 1 << 4,
	MC_TALLY_KIND		= MC_TALLY_SWAPBACKED | MC_TALLY_ANON,
	MC_TALLY_KSM		= 1 << 5,

	MC_TALLY_BUCKETS	= 1 << 6,
};

struct mc_bucket {
	u64 pages;
	u64 pss;
};

/* What decides a page's bucket, as raw as it can be had. */
struct mc_look {
	unsigned long flags;		/* of the folio */
	unsigned long mapping;		/* its low bits tell anon and KSM */
	unsigned long entry;		/* of the page-table entry */
	int mapcount;			/* of the page, as it is stored */
};

/*
 * Neighbouring pages mostly look the same. So only the first of a run is sorted, and
 * the others are counted: this is what makes a page cost little.
 */
struct mc_run {
	struct mc_look look;
	const struct page *folio;	/* the first page of a large one, or NULL */
	unsigned long folio_pages;
	unsigned int sorted;		/* the bucket, but for what the mapcount decides */
	unsigned int bucket;
	u64 pages;			/* that are not in the bucket yet */
	u64 pss;			/* of each of them */
};

struct mc_tally {
	unsigned long used;		/* a bit for each bucket that is not empty */
	struct mc_bucket buckets[MC_TALLY_BUCKETS];
	u64 thp_anon, thp_shmem, thp_file;
	struct mc_run run;
};

void mc_tally_init(struct mc_tally *tally);
void mc_tally_fold(struct mc_tally *tally, bool locked, bool private_file,
		   struct mc_stats *stats);
void mc_tally_page(struct mc_tally *tally, struct page *page, pte_t pte);
bool mc_run_next_folio(struct mc_run *run, struct page *page);
void mc_tally_huge(struct mc_tally *tally, struct page *page, unsigned long nr, bool dirty,
		   bool young);
void mc_tally_leaf(struct mc_tally *tally, swp_entry_t entry, struct page *page,
		   unsigned long nr);

/* Does the entry look as that of the last page did? Then it maps a page, as that did. */
static __always_inline bool mc_look_has_pte(const struct mc_look *look, pte_t pte)
{
	return !((mc_pte_look(pte) ^ look->entry) & MC_PTE_LOOK);
}

/*
 * And the page, by itself? Most have the very same flags, and those of a file the same
 * mapping; if not, only some of their bits matter.
 */
static __always_inline bool mc_look_has_page(struct mc_look *look, const struct page *page)
{
	const struct folio *folio = (const struct folio *)page;
	unsigned long flags, mapping;

	if (mc_page_has(page, look->flags, look->mapping))
		return true;
	if (PageTail((struct page *)page))
		return false;
	flags = mc_folio_flags(folio);
	mapping = mc_folio_mapping(folio);
	if ((flags ^ look->flags) & (MC_FOLIO_LOOK | MC_FOLIO_SURE) ||
	    (mapping ^ look->mapping) & MC_MAPPING_LOOK)
		return false;
	look->flags = flags;
	look->mapping = mapping;
	return true;
}

/* Is it one of the large folio's? All of them look the same. */
static __always_inline bool mc_run_has_page(const struct mc_run *run,
					    const struct page *page)
{
	return (unsigned long)(page - run->folio) < run->folio_pages;
}

static __always_inline void mc_bucket_fill(struct mc_tally *tally, unsigned int bucket,
					   u64 pages, u64 pss)
{
	__set_bit(bucket, &tally->used);
	tally->buckets[bucket].pages += pages;
	tally->buckets[bucket].pss += pages * pss;
}

static __always_inline u64 mc_page_pss(int mapcount)
{
	return mapcount < 2 ? MC_PSS_PAGE : (unsigned int)MC_PSS_PAGE / mapcount;
}

static __always_inline void mc_run_end(struct mc_tally *tally)
{
	struct mc_run *run = &tally->run;

	if (run->pages)
		mc_bucket_fill(tally, run->bucket, run->pages, run->pss);
	run->pages = 0;
}

/* Begins a run of pages that look as is known, and are mapped so often. */
static __always_inline void mc_run_begin(struct mc_run *run, struct folio *folio,
					 int mapcount)
{
	run->bucket = run->sorted;
	if (!mc_page_is_private(folio, mapcount))
		run->bucket |= MC_TALLY_SHARED;
	run->pss = mc_page_pss(mapcount);
}

/* No page that is mapped has this mapcount stored. */
#define MC_MAPCOUNT_NONE	INT_MIN

/* The page looks like those before, but is mapped more or less often. */
static __always_inline void mc_run_turn(struct mc_tally *tally, bool large,
					struct page *page)
{
	struct folio *folio = (struct folio *)(large ? tally->run.folio : page);

	mc_run_end(tally);
	mc_run_begin(&tally->run, folio,
		     large ? mc_page_mapcount(folio, page) :
			     atomic_read(&page->_mapcount) + 1);
}

static __always_inline pte_t *mc_tally_run_of(struct mc_tally *tally, bool large,
					      pte_t *pte, const pte_t *last)
{
	struct mc_run *run = &tally->run;
	const unsigned long mask = mc_pte_addr_mask();
	struct mc_look look = run->look;
	const pte_t *first = pte;

	for (; pte != last; pte++) {
		pte_t entry = ptep_get(pte);
		struct page *page;

		if (!mc_look_has_pte(&look, entry))
			break;
		page = mc_pte_page_plain(entry, mask);
		if (!large && !mc_look_has_page(&look, page))
			break;
		if (large && !mc_run_has_page(run, page)) {
			if (!mc_run_next_folio(run, page))
				break;
			look.mapcount = MC_MAPCOUNT_NONE;
		}
		/* Whoever maps it elsewhere changes it; either value was true. */
		if (unlikely(data_race(page->_mapcount.counter) != look.mapcount)) {
			look.mapcount = atomic_read(&page->_mapcount);
			run->pages += pte - first;
			first = pte;
			mc_run_turn(tally, large, page);
		}
	}
	run->look = look;
	run->pages += pte - first;
	return pte;
}

/**
 * mc_tally_run() - count pages as long as they look like the last one
 * @tally: where
 * @pte: the first of the entries that map them
 * @last: the end of the entries
 *
 * Locking: the lock of the page table, so that the pages stay mapped.
 * Return: the first entry that was not counted; @last: all were.
 */
static __always_inline pte_t *mc_tally_run(struct mc_tally *tally, pte_t *pte,
					   const pte_t *last)
{
	if (tally->run.folio)
		return mc_tally_run_of(tally, true, pte, last);
	return mc_tally_run_of(tally, false, pte, last);
}

/* What no entry that maps a page looks like. */
#define MC_LOOK_NONE		(~0UL)

/*
 * After the lock of a page table was let go, a large folio can be split and be
 * another one at the same place.
 */
static inline void mc_tally_unlocked(struct mc_tally *tally)
{
	if (!tally->run.folio)
		return;
	tally->run.folio = NULL;
	tally->run.look.entry = MC_LOOK_NONE;
}

#endif /* MC_STATS_H */
