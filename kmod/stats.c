// SPDX-License-Identifier: GPL-2.0
#include "stats.h"

#include <linux/string.h>

/**
 * mc_stats_add() - add all columns
 * @sum: gets the sum
 * @stats: what is added
 */
void mc_stats_add(struct mc_stats *sum, const struct mc_stats *stats)
{
#define ADD(field, tier, text) sum->counts.field += stats->counts.field;
	MEMCLASS_COLUMNS(ADD)
#undef ADD
}

/**
 * mc_stats_finish() - make the columns what readers see: all in bytes
 * @stats: the accumulator; nothing may be added to it any more
 */
void mc_stats_finish(struct mc_stats *stats)
{
	struct memclass_counts *counts = &stats->counts;

	counts->pss >>= MC_PSS_SHIFT;
	counts->pss_dirty >>= MC_PSS_SHIFT;
	counts->pss_anon >>= MC_PSS_SHIFT;
	counts->pss_file >>= MC_PSS_SHIFT;
	counts->pss_shmem >>= MC_PSS_SHIFT;
	counts->locked >>= MC_PSS_SHIFT;
}

static void fold_bucket(unsigned int bucket, u64 pages, struct memclass_counts *counts)
{
	u64 bytes = pages << PAGE_SHIFT;

	counts->rss += bytes;
	if (bucket & MC_TALLY_REFERENCED)
		counts->referenced += bytes;

	switch (bucket & (MC_TALLY_SHARED | MC_TALLY_DIRTY)) {
	case 0:
		counts->private_clean += bytes;
		break;
	case MC_TALLY_DIRTY:
		counts->private_dirty += bytes;
		break;
	case MC_TALLY_SHARED:
		counts->shared_clean += bytes;
		break;
	default:
		counts->shared_dirty += bytes;
	}

	switch (bucket & MC_TALLY_KIND) {
	case MC_TALLY_FILE:
		counts->file += bytes;
		break;
	case MC_TALLY_SHMEM:
		counts->shmem += bytes;
		break;
	case MC_TALLY_ANON_FREE:
		if (!(bucket & MC_TALLY_DIRTY))
			counts->lazyfree += bytes;
		fallthrough;
	case MC_TALLY_ANON:
		counts->anon += bytes;
	}
}

/* PSS of one kind of page, clean and dirty. */
static u64 fold_pss(const struct mc_tally *tally, unsigned int kind, u64 *dirty)
{
	u64 pss[2];
	unsigned int d;

	for (d = 0; d < 2; d++) {
		unsigned int bucket = kind | (d ? MC_TALLY_DIRTY : 0);

		pss[d] = tally->pss[kind >> 3][d] +
			 (tally->pages[bucket] +
			  tally->pages[bucket | MC_TALLY_REFERENCED]) * MC_PSS_PAGE;
	}
	*dirty += pss[1];
	return pss[0] + pss[1];
}

/**
 * mc_tally_fold() - turn buckets into columns, and empty them
 * @tally: the buckets
 * @locked: the mapping is mlocked
 * @private_file: the mapping is a private one of a file: its anon pages are copies
 * @stats: gets the columns added
 */
void mc_tally_fold(struct mc_tally *tally, bool locked, bool private_file,
		   struct mc_stats *stats)
{
	struct memclass_counts *counts = &stats->counts;
	u64 anon = counts->anon, pss_anon, pss_file, pss_shmem;
	unsigned int bucket;

	if (!tally->used)
		return;
	for (bucket = 0; bucket < MC_TALLY_BUCKETS; bucket++) {
		if (tally->pages[bucket])
			fold_bucket(bucket, tally->pages[bucket], counts);
	}
	if (private_file)
		counts->cow += counts->anon - anon;

	pss_file = fold_pss(tally, MC_TALLY_FILE, &counts->pss_dirty);
	pss_shmem = fold_pss(tally, MC_TALLY_SHMEM, &counts->pss_dirty);
	pss_anon = fold_pss(tally, MC_TALLY_ANON, &counts->pss_dirty) +
		   fold_pss(tally, MC_TALLY_ANON_FREE, &counts->pss_dirty);
	counts->pss_file += pss_file;
	counts->pss_shmem += pss_shmem;
	counts->pss_anon += pss_anon;
	counts->pss += pss_file + pss_shmem + pss_anon;
	if (locked)
		counts->locked += pss_file + pss_shmem + pss_anon;

	counts->ksm += tally->ksm << PAGE_SHIFT;
	counts->thp_anon += tally->thp_anon;
	counts->thp_shmem += tally->thp_shmem;
	counts->thp_file += tally->thp_file;
	memset(tally, 0, sizeof(*tally));
}

static void tally_thp(struct mc_tally *tally, struct folio *folio, unsigned int bucket,
		      unsigned long bytes)
{
	switch (bucket & MC_TALLY_KIND) {
	case MC_TALLY_FILE:
		if (!folio_is_zone_device(folio))
			tally->thp_file += bytes;
		break;
	case MC_TALLY_SHMEM:
		tally->thp_shmem += bytes;
		break;
	default:
		tally->thp_anon += bytes;
	}
}

/**
 * mc_tally_huge() - count a huge page that one entry above the page table maps
 * @tally: where
 * @page: its first page
 * @dirty: the entry says that it was written to
 * @young: the entry says that it was accessed
 *
 * Locking: the lock of the entry.
 */
void mc_tally_huge(struct mc_tally *tally, struct page *page, bool dirty, bool young)
{
	struct folio *folio = page_folio(page);
	unsigned int bucket = mc_tally_bucket(tally, folio);
	long i, nr = folio_nr_pages(folio);

	if (dirty)
		bucket |= MC_TALLY_DIRTY;
	if (young)
		bucket |= MC_TALLY_REFERENCED;
	tally->used = true;
	tally_thp(tally, folio, bucket, nr << PAGE_SHIFT);
	/* One reference: one entry maps it, this one, so that no page is shared. */
	if (folio_ref_count(folio) == 1) {
		tally->pages[bucket] += nr;
		return;
	}
	for (i = 0; i < nr; i++)
		mc_tally_add(tally, bucket, folio, page + i);
}

/**
 * mc_tally_leaf() - count the page of an entry that is not present
 * @tally: where
 * @entry: the entry: a migration, a page on a device, ...
 * @page: its first page
 * @nr: pages that it stands for
 *
 * Locking: the lock of the entry. The page of a migration entry is not mapped, so
 * its mapcount says nothing.
 */
void mc_tally_leaf(struct mc_tally *tally, swp_entry_t entry, struct page *page,
		   unsigned long nr)
{
	enum mc_leaf_sharing sharing = mc_leaf_sharing(entry);
	struct folio *folio = page_folio(page);
	unsigned int bucket = mc_tally_bucket(tally, folio);
	unsigned long i;

	tally->used = true;
	if (bucket & MC_TALLY_ANON && folio_test_ksm(folio))
		tally->ksm += nr;
	if (nr > 1)
		tally_thp(tally, folio, bucket, nr << PAGE_SHIFT);
	for (i = 0; i < nr; i++) {
		switch (sharing) {
		case MC_LEAF_BY_MAPCOUNT:
			mc_tally_add(tally, bucket, folio, page + i);
			break;
		case MC_LEAF_PRIVATE:
			tally->pages[bucket]++;
			break;
		case MC_LEAF_SHARED:
			/* Counted whole for each that has it. */
			tally->pages[bucket | MC_TALLY_SHARED]++;
			tally->pss[bucket >> 3][!!(bucket & MC_TALLY_DIRTY)] += MC_PSS_PAGE;
		}
	}
}
