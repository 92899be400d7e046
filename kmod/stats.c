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

/* What a folio's pages have in common. */
static __always_inline unsigned int folio_bucket(struct folio *folio, unsigned long flags,
						 unsigned long mapping)
{
	unsigned int bucket = 0;

	if (flags & BIT(PG_dirty))
		bucket |= MC_TALLY_DIRTY;
	if (flags & (BIT(PG_referenced) | MC_FOLIO_YOUNG) ||
	    (!MC_FOLIO_YOUNG && folio_test_young(folio)))
		bucket |= MC_TALLY_REFERENCED;
	if (flags & BIT(PG_swapbacked))
		bucket |= MC_TALLY_SWAPBACKED;
	if (mapping & MC_MAPPING_ANON)
		bucket |= MC_TALLY_ANON;
	if ((mapping & MC_MAPPING_LOOK) == MC_MAPPING_KSM)
		bucket |= MC_TALLY_KSM;
	return bucket;
}

static unsigned int folio_bucket_now(struct folio *folio)
{
	return folio_bucket(folio, mc_folio_flags(folio), mc_folio_mapping(folio));
}

static void fill_bucket_with(struct mc_tally *tally, struct folio *folio, struct page *page,
			     unsigned int bucket)
{
	int mapcount = mc_page_mapcount(folio, page);

	if (!mc_page_is_private(folio, mapcount))
		bucket |= MC_TALLY_SHARED;
	mc_bucket_fill(tally, bucket, 1, mc_page_pss(mapcount));
}

/**
 * mc_tally_init() - make a tally empty
 * @tally: the tally
 */
void mc_tally_init(struct mc_tally *tally)
{
	memset(tally, 0, sizeof(*tally));
	tally->run.look.entry = MC_LOOK_NONE;
}

/**
 * mc_run_next_folio() - does the run go on in another large folio?
 * @run: the run, in a large folio
 * @page: the next page, of another one
 *
 * Locking: as mc_tally_run().
 * Return: true if that looks the same. How often it is mapped must be found out.
 */
bool mc_run_next_folio(struct mc_run *run, struct page *page)
{
	struct folio *folio = page_folio(page);

	if ((mc_folio_flags(folio) ^ run->look.flags) & MC_FOLIO_LOOK ||
	    (mc_folio_mapping(folio) ^ run->look.mapping) & MC_MAPPING_LOOK)
		return false;
	run->folio = &folio->page;
	run->folio_pages = folio_nr_pages(folio);
	return true;
}

/**
 * mc_tally_page() - count a page that may not look like the last one
 * @tally: where
 * @page: the page
 * @pte: the entry that maps it
 *
 * Locking: as mc_tally_run().
 */
void mc_tally_page(struct mc_tally *tally, struct page *page, pte_t pte)
{
	struct mc_run *run = &tally->run;
	struct folio *folio = page_folio(page);

	mc_run_end(tally);
	run->look.flags = mc_folio_flags(folio);
	run->look.mapping = mc_folio_mapping(folio);
	run->look.entry = MC_LOOK_NONE;
	if (mc_pte_is_plain(pte) && run->look.flags & MC_FOLIO_SURE)
		run->look.entry = mc_pte_look(pte);

	run->sorted = folio_bucket(folio, run->look.flags, run->look.mapping);
	if (pte_dirty(pte))
		run->sorted |= MC_TALLY_DIRTY;
	if (pte_young(pte))
		run->sorted |= MC_TALLY_REFERENCED;

	run->folio = NULL;
	if (run->look.flags & BIT(PG_head)) {
		run->folio = &folio->page;
		run->folio_pages = folio_nr_pages(folio);
	}
	run->look.mapcount = atomic_read(&page->_mapcount);
	mc_run_begin(run, folio, mc_page_mapcount(folio, page));
	run->pages = 1;
}

static void fold_bucket(struct mc_tally *tally, unsigned int bucket,
			struct memclass_counts *counts)
{
	u64 bytes = tally->buckets[bucket].pages << PAGE_SHIFT;
	u64 pss = tally->buckets[bucket].pss;

	tally->buckets[bucket] = (struct mc_bucket) {};

	counts->rss += bytes;
	counts->pss += pss;
	if (bucket & MC_TALLY_DIRTY)
		counts->pss_dirty += pss;
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
	case 0:
		counts->file += bytes;
		counts->pss_file += pss;
		break;
	case MC_TALLY_SWAPBACKED:
		counts->shmem += bytes;
		counts->pss_shmem += pss;
		break;
	case MC_TALLY_ANON:
		/* MADV_FREE took it from those that swap stands behind. */
		if (!(bucket & MC_TALLY_DIRTY))
			counts->lazyfree += bytes;
		fallthrough;
	default:
		counts->anon += bytes;
		counts->pss_anon += pss;
		if (bucket & MC_TALLY_KSM)
			counts->ksm += bytes;
	}
}

static u64 take(u64 *value)
{
	u64 taken = *value;

	*value = 0;
	return taken;
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
	u64 anon = counts->anon, pss = counts->pss;

	mc_run_end(tally);
	for (; tally->used; tally->used &= tally->used - 1)
		fold_bucket(tally, __ffs(tally->used), counts);
	if (private_file)
		counts->cow += counts->anon - anon;
	if (locked)
		counts->locked += counts->pss - pss;
	if (likely(!(tally->thp_anon | tally->thp_shmem | tally->thp_file)))
		return;
	counts->thp_anon += take(&tally->thp_anon);
	counts->thp_shmem += take(&tally->thp_shmem);
	counts->thp_file += take(&tally->thp_file);
}

static void tally_thp(struct mc_tally *tally, struct folio *folio, unsigned int bucket,
		      unsigned long bytes)
{
	switch (bucket & MC_TALLY_KIND) {
	case 0:
		if (!folio_is_zone_device(folio))
			tally->thp_file += bytes;
		break;
	case MC_TALLY_SWAPBACKED:
		tally->thp_shmem += bytes;
		break;
	default:
		tally->thp_anon += bytes;
	}
}

/**
 * mc_tally_huge() - count a huge page that one entry above the page table maps
 * @tally: where
 * @page: its first page that counts
 * @nr: how many do
 * @dirty: the entry says that it was written to
 * @young: the entry says that it was accessed
 *
 * Locking: the lock of the entry.
 */
void mc_tally_huge(struct mc_tally *tally, struct page *page, unsigned long nr, bool dirty,
		   bool young)
{
	struct folio *folio = page_folio(page);
	unsigned int bucket = folio_bucket_now(folio);
	unsigned long i;

	if (dirty)
		bucket |= MC_TALLY_DIRTY;
	if (young)
		bucket |= MC_TALLY_REFERENCED;
	tally_thp(tally, folio, bucket, nr << PAGE_SHIFT);
	/* One reference: one entry maps it, this one, so that no page is shared. */
	if (folio_ref_count(folio) == 1) {
		mc_bucket_fill(tally, bucket, nr, MC_PSS_PAGE);
		return;
	}
	for (i = 0; i < nr; i++)
		fill_bucket_with(tally, folio, page + i, bucket);
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
	unsigned int bucket = folio_bucket_now(folio);
	unsigned long i;

	if (nr > 1)
		tally_thp(tally, folio, bucket, nr << PAGE_SHIFT);
	for (i = 0; i < nr; i++) {
		switch (sharing) {
		case MC_LEAF_BY_MAPCOUNT:
			fill_bucket_with(tally, folio, page + i, bucket);
			break;
		case MC_LEAF_PRIVATE:
			mc_bucket_fill(tally, bucket, 1, MC_PSS_PAGE);
			break;
		case MC_LEAF_SHARED:
			/* Counted whole for each that has it. */
			mc_bucket_fill(tally, bucket | MC_TALLY_SHARED, 1, MC_PSS_PAGE);
		}
	}
}
