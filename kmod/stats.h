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
 * Resident pages are first sorted into buckets by all that matters about them: one
 * increment a page. mc_tally_fold() turns the buckets into columns.
 */
enum mc_tally_bits {
	MC_TALLY_SHARED		= 1 << 0,
	MC_TALLY_DIRTY		= 1 << 1,
	MC_TALLY_REFERENCED	= 1 << 2,
	/* Of two bits: */
	MC_TALLY_FILE		= 0 << 3,
	MC_TALLY_SHMEM		= 1 << 3,
	MC_TALLY_ANON		= 2 << 3,
	MC_TALLY_ANON_FREE	= 3 << 3,	/* not backed by swap: MADV_FREE */
	MC_TALLY_KIND		= 3 << 3,

	MC_TALLY_BUCKETS	= 1 << 5,
};

struct mc_tally {
	u64 pages[MC_TALLY_BUCKETS];
	/*
	 * By kind and by dirty: PSS of what is mapped more than once. Private
	 * pages have MC_PSS_PAGE each.
	 */
	u64 pss[MC_TALLY_BUCKETS >> 3][2];
	u64 ksm;			/* pages; what follows is in bytes */
	u64 thp_anon, thp_shmem, thp_file;
	bool used;

	/* The last large folio: its next page needs only its mapcount. */
	struct folio *folio;
	unsigned int folio_bucket;
};

void mc_tally_fold(struct mc_tally *tally, bool locked, bool private_file,
		   struct mc_stats *stats);
void mc_tally_huge(struct mc_tally *tally, struct page *page, bool dirty, bool young);
void mc_tally_leaf(struct mc_tally *tally, swp_entry_t entry, struct page *page,
		   unsigned long nr);

/* What a folio's pages have in common. */
static inline unsigned int mc_tally_bucket(struct mc_tally *tally, struct folio *folio)
{
	unsigned long flags = mc_folio_flags(folio);
	unsigned int bucket = 0;

	if (flags & BIT(PG_dirty))
		bucket |= MC_TALLY_DIRTY;
	if (flags & BIT(PG_referenced) || folio_test_young(folio))
		bucket |= MC_TALLY_REFERENCED;
	if (!folio_test_anon(folio))
		return bucket | (flags & BIT(PG_swapbacked) ? MC_TALLY_SHMEM : MC_TALLY_FILE);
	return bucket | (flags & BIT(PG_swapbacked) ? MC_TALLY_ANON : MC_TALLY_ANON_FREE);
}

/* Adds one page that @bucket says all about but how often it is mapped. */
static inline void mc_tally_add(struct mc_tally *tally, unsigned int bucket,
				struct folio *folio, struct page *page)
{
	int mapcount = mc_page_mapcount(folio, page);

	if (likely(mapcount < 2)) {
		tally->pages[bucket]++;
		return;
	}
	if (mc_page_is_private(folio, mapcount))
		tally->pss[bucket >> 3][!!(bucket & MC_TALLY_DIRTY)] -= MC_PSS_PAGE;
	else
		bucket |= MC_TALLY_SHARED;
	tally->pages[bucket]++;
	tally->pss[bucket >> 3][!!(bucket & MC_TALLY_DIRTY)] +=
		(unsigned long)MC_PSS_PAGE / mapcount;
}

/**
 * mc_tally_page() - count a page that one page-table entry maps
 * @tally: where
 * @page: the page
 * @dirty: the entry says that the page was written to
 * @young: the entry says that the page was accessed
 *
 * Locking: the lock of the entry's page table, so that the page stays mapped.
 */
static __always_inline void mc_tally_page(struct mc_tally *tally, struct page *page,
					  bool dirty, bool young)
{
	struct folio *folio = page_folio(page);
	unsigned int bucket;

	if (folio == tally->folio) {
		bucket = tally->folio_bucket;
	} else {
		bucket = mc_tally_bucket(tally, folio);
		if (folio_test_large(folio)) {
			tally->folio = folio;
			tally->folio_bucket = bucket;
		}
	}
	if (unlikely(bucket & MC_TALLY_ANON) && folio_test_ksm(folio))
		tally->ksm++;
	if (dirty)
		bucket |= MC_TALLY_DIRTY;
	if (young)
		bucket |= MC_TALLY_REFERENCED;
	mc_tally_add(tally, bucket, folio, page);
}

#endif /* MC_STATS_H */
