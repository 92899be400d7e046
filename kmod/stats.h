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

/**
 * mc_stats_finish() - make the columns what readers see: all in bytes
 * @stats: the accumulator; nothing may be added to it any more
 *
 * Resident pages were not summed up while they were counted.
 */
static inline void mc_stats_finish(struct mc_stats *stats)
{
	struct memclass_counts *counts = &stats->counts;

	counts->rss += counts->private_clean + counts->private_dirty +
		       counts->shared_clean + counts->shared_dirty;
	counts->pss = (counts->pss_anon + counts->pss_file + counts->pss_shmem) >>
		      MC_PSS_SHIFT;
	counts->pss_dirty >>= MC_PSS_SHIFT;
	counts->pss_anon >>= MC_PSS_SHIFT;
	counts->pss_file >>= MC_PSS_SHIFT;
	counts->pss_shmem >>= MC_PSS_SHIFT;
	counts->locked >>= MC_PSS_SHIFT;
}

/* All that matters about a resident page, but for its PSS: which columns it is in. */
enum mc_page_traits {
	MC_PAGE_DIRTY		= 1 << 0,
	MC_PAGE_SHARED		= 1 << 1,
	/* What kind of page: of two bits, so that each can be had from the page. */
	MC_PAGE_SWAPBACKED	= 1 << 2,
	MC_PAGE_ANON		= 1 << 3,
	MC_PAGE_KIND		= MC_PAGE_SWAPBACKED | MC_PAGE_ANON,
	MC_PAGE_REFERENCED	= 1 << 4,
	MC_PAGE_KSM		= 1 << 5,
};

/* What decides a page's traits, as raw as it can be had. */
struct mc_look {
	unsigned long flags;		/* of the folio */
	unsigned long mapping;		/* its low bits tell anon and KSM */
	unsigned long entry;		/* of the page-table entry, without the address */
	int mapcount;			/* of the page, as it is stored */
};

/*
 * Neighbouring pages mostly look the same. So only the first of a run is sorted, and
 * the others are counted: this is what makes a page cost little. How often they are
 * mapped can differ, as long as all of them are shared or none.
 */
struct mc_run {
	struct mc_look look;
	const struct page *folio;	/* the first page of a large one, or NULL */
	unsigned long folio_pages;
	unsigned int traits;		/* but for MC_PAGE_SHARED, */
	bool shared;			/* which is here */
	u64 page_pss;			/* of the last page */
	u64 pages;			/* that are in no column yet */
	u64 pss;			/* of all of them */
};

struct mc_tally {
	struct mc_run run;
	struct mc_stats *total;		/* of all mappings */
	/* The mapping whose pages they are: */
	struct mc_stats *stats;		/* where they are counted */
	bool locked;
	bool private_file;		/* its anon pages are copies */
};

void mc_tally_init(struct mc_tally *tally);
void mc_tally_page(struct mc_tally *tally, pte_t pte);
void mc_tally_odd_page(struct mc_tally *tally, struct page *page, pte_t pte);
unsigned long mc_tally_huge(struct mc_tally *tally, struct page *page, unsigned long nr,
			    bool dirty, bool young);
unsigned long mc_tally_leaf(struct mc_tally *tally, swp_entry_t entry, struct page *page,
			    unsigned long nr);
void mc_run_count(struct mc_tally *tally);
bool mc_run_next_folio(struct mc_run *run, struct page *page);

/* To sum up each of a few classes takes longer than to count everything twice. */
#define mc_tally_add(tally, column, value) \
	do { \
		u64 value_ = (value); \
\
		(tally)->stats->counts.column += value_; \
		(tally)->total->counts.column += value_; \
	} while (0)

/* What has been seen so far goes into the columns. */
static inline void mc_tally_end(struct mc_tally *tally)
{
	if (tally->run.pages)
		mc_run_count(tally);
}

/**
 * mc_tally_begin() - another mapping begins
 * @tally: where its pages will be counted
 * @stats: gets the columns
 * @locked: the mapping is mlocked
 * @private_file: it is a private one of a file
 */
static inline void mc_tally_begin(struct mc_tally *tally, struct mc_stats *stats,
				  bool locked, bool private_file)
{
	if (tally->stats == stats && tally->locked == locked &&
	    tally->private_file == private_file)
		return;
	mc_tally_end(tally);
	tally->stats = stats;
	tally->locked = locked;
	tally->private_file = private_file;
}

/*
 * Does a page look the same, whose flags or mapping are not the very same? Only some of
 * their bits matter. Then those that come are compared with this page's.
 */
static __always_inline bool mc_look_has_page(struct mc_look *look, const struct page *page)
{
	const struct folio *folio = (const struct folio *)page;
	unsigned long flags, mapping;

	if (PageTail((struct page *)page))
		return false;
	flags = mc_folio_flags(folio);
	mapping = mc_folio_mapping(folio);
	if ((flags ^ look->flags) & (MC_FOLIO_LOOK | MC_FOLIO_SURE) ||
	    (mapping ^ look->mapping) & MC_MAPPING_LOOK)
		return false;
	look->flags = flags;
	WRITE_ONCE(look->mapping, mapping);
	return true;
}

/* Is it one of the large folio's? All of them look the same. */
static __always_inline bool mc_run_has_page(const struct mc_run *run,
					    const struct page *page)
{
	return (unsigned long)(page - run->folio) < run->folio_pages;
}

static __always_inline u64 mc_page_pss(int mapcount)
{
	return mapcount < 2 ? MC_PSS_PAGE : (unsigned int)MC_PSS_PAGE / mapcount;
}

/*
 * What no entry that maps a page looks like. Only the bits of MC_PTE_LOOK can be those of
 * an entry: of one that maps no page with an owner.
 */
#define MC_LOOK_NONE		(~0UL)

/* No page that is mapped has this mapcount stored. */
#define MC_MAPCOUNT_NONE	INT_MIN

static __always_inline void mc_run_add(struct mc_run *run, u64 pages)
{
	run->pages += pages;
	run->pss += pages * run->page_pss;
}

/* From here on the pages are mapped as often as this. */
static __always_inline void mc_run_turn(struct mc_tally *tally, struct folio *folio,
					int mapcount)
{
	bool shared = !mc_page_is_private(folio, mapcount);
	struct mc_run *run = &tally->run;

	if (unlikely(run->shared != shared)) {
		mc_tally_end(tally);
		run->shared = shared;
	}
	run->page_pss = mc_page_pss(mapcount);
}

/*
 * What is compared for each page is in registers, or, where one side is read anyway to
 * be compared, in memory. Whatever else comes is rare, and goes where the run is kept.
 */
static __always_inline const pte_t *mc_tally_run_of(struct mc_tally *tally, bool large,
						    bool holes, const pte_t *pte,
						    const pte_t *last)
{
	struct mc_run *run = &tally->run;
	const unsigned long other = mc_pte_other_bits();
	unsigned long flags = run->look.flags;
	unsigned long entry = run->look.entry;
	/* From here on pages are not in the run yet; those that are empty move it. */
	const pte_t *first = pte;

	while (pte != last) {
		unsigned long compared = mc_pte_compare(pte, entry);
		struct page *page;

		if (unlikely(compared & other)) {
			if (pte_none(READ_ONCE(*pte)) && !holes) {
				const pte_t *empty = pte;

				pte = mc_ptes_skip_empty(pte, last);
				first += pte - empty;
				continue;
			}
			if (compared & MC_PTE_LOOK || entry == MC_LOOK_NONE)
				goto other_look;
			/* As it was compared: a processor may have used it since. */
			entry ^= compared & other;
			run->look.entry = entry;
			continue;
		}
		page = mc_pte_compared_page(pte, compared);
		if (!large && unlikely(!mc_page_has(page, flags, READ_ONCE(run->look.mapping)))) {
			if (!mc_look_has_page(&run->look, page))
				goto other_look;
			flags = run->look.flags;
		}
		if (large && !mc_run_has_page(run, page)) {
			if (!mc_run_next_folio(run, page))
				break;
			WRITE_ONCE(run->look.mapcount, MC_MAPCOUNT_NONE);
		}
		/* Whoever maps it elsewhere changes it; either value was true. */
		if (unlikely(data_race(page->_mapcount.counter) !=
			     READ_ONCE(run->look.mapcount))) {
			struct folio *folio = (struct folio *)(large ? run->folio : page);
			int mapcount = atomic_read(&page->_mapcount);

			WRITE_ONCE(run->look.mapcount, mapcount);
			mapcount = large ? mc_page_mapcount(folio, page) : mapcount + 1;
			mc_run_add(run, pte - first);
			first = pte;
			mc_run_turn(tally, folio, mapcount);
		}
		pte++;
		continue;

other_look:
		if (large || !mc_pte_is_plain(READ_ONCE(*pte)))
			break;
		mc_run_add(run, pte - first);
		mc_tally_page(tally, mc_pte_get(pte));
		first = ++pte;
		if (run->folio)
			return pte;
		flags = run->look.flags;
		entry = run->look.entry;
	}
	mc_run_add(run, pte - first);
	return pte;
}

/**
 * mc_tally_run() - count pages as long as they look like the last one
 * @tally: where
 * @holes: entries that are empty end it
 * @pte: the first of the entries that map them
 * @last: the end of the entries
 *
 * Locking: the lock of the page table, so that the pages stay mapped.
 * Return: the first entry that was not counted; @last: all were.
 */
static __always_inline const pte_t *mc_tally_run(struct mc_tally *tally, bool holes,
						 const pte_t *pte, const pte_t *last)
{
	if (!tally->run.folio) {
		pte = mc_tally_run_of(tally, false, holes, pte, last);
		/* It may have begun a run in a large folio, and not looked any further. */
		if (!tally->run.folio)
			return pte;
	}
	return mc_tally_run_of(tally, true, holes, pte, last);
}

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
