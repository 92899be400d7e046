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

	MC_TALLY_BUCKETS	= 1 << 5,
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
struct mc_tally {
	u32 used;			/* a bit for each bucket that is not empty */
	u64 pages[MC_TALLY_BUCKETS];
	u64 pss[MC_TALLY_BUCKETS];
	u64 ksm;			/* pages; what follows is in bytes */
	u64 thp_anon, thp_shmem, thp_file;

	struct {
		struct mc_look look;
		struct folio *folio;	/* a large one: look does not tell all */
		int folio_mapcount;	/* of its page, as it is stored */
		u64 pages;
		u64 pss;		/* of each page */
		unsigned int bucket;
		bool ksm;
	} run;
};

void mc_tally_init(struct mc_tally *tally);
void mc_tally_fold(struct mc_tally *tally, bool locked, bool private_file,
		   struct mc_stats *stats);
void mc_tally_run(struct mc_tally *tally, struct page *page, pte_t pte);
void mc_tally_huge(struct mc_tally *tally, struct page *page, unsigned long nr, bool dirty,
		   bool young);
void mc_tally_leaf(struct mc_tally *tally, swp_entry_t entry, struct page *page,
		   unsigned long nr);

/* Does the entry look as that of the last page did? Then it maps a page, as that did. */
static __always_inline bool mc_tally_pte_is_alike(const struct mc_tally *tally, pte_t pte)
{
	return !((mc_pte_look(pte) ^ tally->run.look.entry) & MC_PTE_LOOK);
}

/* And the folio? */
static __always_inline bool mc_tally_folio_is_alike(const struct mc_tally *tally,
						    const struct folio *folio)
{
	const struct mc_look *last = &tally->run.look;

	return !(((mc_folio_flags(folio) ^ last->flags) & MC_FOLIO_LOOK) |
		 ((mc_folio_mapping(folio) ^ last->mapping) & MC_MAPPING_LOOK));
}

/**
 * mc_tally_page() - count a page that one page-table entry maps
 * @tally: where
 * @page: the page
 * @pte: the entry, which mc_tally_pte_is_alike() to the last one
 *
 * Locking: the lock of the page table, so that the page stays mapped.
 */
static __always_inline void mc_tally_page(struct mc_tally *tally, struct page *page,
					  pte_t pte)
{
	const struct mc_look *last = &tally->run.look;
	const struct folio *folio = (struct folio *)page;

	if (likely(!PageTail(page) &&
		   !(((mc_folio_flags(folio) ^ last->flags) & MC_FOLIO_LOOK) |
		     ((mc_folio_mapping(folio) ^ last->mapping) & MC_MAPPING_LOOK) |
		     (unsigned int)(atomic_read(&page->_mapcount) ^ last->mapcount))))
		tally->run.pages++;
	else
		mc_tally_run(tally, page, pte);
}

/*
 * After the lock of a page table was let go, a large folio can be split and be
 * another one at the same place.
 */
static inline void mc_tally_unlocked(struct mc_tally *tally)
{
	tally->run.folio = NULL;
}

#endif /* MC_STATS_H */
