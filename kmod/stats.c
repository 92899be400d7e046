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

/* What a folio's pages have in common. */
static __always_inline unsigned int folio_traits(struct folio *folio, unsigned long flags,
						 unsigned long mapping)
{
	unsigned int traits = 0;

	if (flags & BIT(PG_dirty))
		traits |= MC_PAGE_DIRTY;
	if (flags & (BIT(PG_referenced) | MC_FOLIO_YOUNG) ||
	    (!MC_FOLIO_YOUNG && folio_test_young(folio)))
		traits |= MC_PAGE_REFERENCED;
	if (flags & BIT(PG_swapbacked))
		traits |= MC_PAGE_SWAPBACKED;
	if (mapping & MC_MAPPING_ANON)
		traits |= MC_PAGE_ANON;
	if ((mapping & MC_MAPPING_LOOK) == MC_MAPPING_KSM)
		traits |= MC_PAGE_KSM;
	return traits;
}

static unsigned int folio_traits_now(struct folio *folio)
{
	return folio_traits(folio, mc_folio_flags(folio), mc_folio_mapping(folio));
}

/* By the kind of page, which of these columns it is in. */
enum {
	ANON,
	FILE,
	SHMEM
};

static const unsigned char kind_columns[] = {
	[0] = FILE,
	[MC_PAGE_SWAPBACKED] = SHMEM,
	[MC_PAGE_ANON] = ANON,
	[MC_PAGE_KIND] = ANON,
};

static __always_inline void count_anon(const struct mc_tally *tally, unsigned int traits,
				       u64 bytes)
{
	if (tally->private_file)
		mc_tally_add(tally, cow, bytes);
	/* MADV_FREE took it from those that swap stands behind. */
	if (!(traits & (MC_PAGE_SWAPBACKED | MC_PAGE_DIRTY)))
		mc_tally_add(tally, lazyfree, bytes);
	if (traits & MC_PAGE_KSM)
		mc_tally_add(tally, ksm, bytes);
}

/* The order of these columns is the ABI's. */
static __always_inline void count_kind(struct memclass_counts *counts,
				       unsigned int traits, u64 bytes, u64 pss)
{
	unsigned int kind = kind_columns[traits & MC_PAGE_KIND];

	(&counts->private_clean)[traits & (MC_PAGE_SHARED | MC_PAGE_DIRTY)] += bytes;
	(&counts->anon)[kind] += bytes;
	(&counts->pss_anon)[kind] += pss;
}

/* Pages that have the same traits. */
static __always_inline void count_pages(struct mc_tally *tally, unsigned int traits,
					u64 pages, u64 pss)
{
	u64 bytes = pages << PAGE_SHIFT;

	count_kind(&tally->stats->counts, traits, bytes, pss);
	count_kind(&tally->total->counts, traits, bytes, pss);
	if (traits & MC_PAGE_DIRTY)
		mc_tally_add(tally, pss_dirty, pss);
	if (traits & MC_PAGE_REFERENCED)
		mc_tally_add(tally, referenced, bytes);
	if (traits & MC_PAGE_ANON)
		count_anon(tally, traits, bytes);
	if (tally->locked)
		mc_tally_add(tally, locked, pss);
}

/**
 * mc_run_count() - the pages of the run go into the columns
 * @tally: with the run; it goes on, empty
 */
void mc_run_count(struct mc_tally *tally)
{
	struct mc_run *run = &tally->run;

	count_pages(tally, run->traits | (run->shared ? MC_PAGE_SHARED : 0), run->pages,
		    run->pss);
	run->pages = 0;
	run->pss = 0;
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

/* Begins another run, with a page. @look: of its entry; MC_LOOK_NONE: none looks like it */
static __always_inline void run_begin(struct mc_run *run, struct page *page, pte_t pte,
				      unsigned long look)
{
	struct folio *folio = page_folio(page);
	unsigned long flags = mc_folio_flags(folio);
	unsigned long mapping = mc_folio_mapping(folio);
	unsigned int traits = folio_traits(folio, flags, mapping);
	int mapcount = atomic_read(&page->_mapcount);

	run->look.flags = flags;
	run->look.mapping = mapping;
	run->look.entry = flags & MC_FOLIO_SURE ? look : MC_LOOK_NONE;
	run->look.mapcount = mapcount++;
	run->folio = NULL;
	if (flags & BIT(PG_head)) {
		run->folio = &folio->page;
		run->folio_pages = folio_nr_pages(folio);
		mapcount = mc_page_mapcount(folio, page);
	}

	if (mc_pte_dirty(pte))
		traits |= MC_PAGE_DIRTY;
	if (pte_young(pte))
		traits |= MC_PAGE_REFERENCED;
	run->traits = traits;
	run->shared = !mc_page_is_private(folio, mapcount);
	run->page_pss = mc_page_pss(mapcount);
	run->pages = 1;
	run->pss = run->page_pss;
}

/**
 * mc_tally_page() - count a page that does not look like the last one
 * @tally: where
 * @pte: the entry that maps it, a plain one
 *
 * Locking: as mc_tally_run().
 */
void mc_tally_page(struct mc_tally *tally, pte_t pte)
{
	mc_tally_end(tally);
	run_begin(&tally->run, mc_pte_page_plain(pte), pte, mc_pte_look(pte));
}

/**
 * mc_tally_odd_page() - count a page of which none is taken to look like it
 * @tally: where
 * @page: the page
 * @pte: the entry that maps it
 *
 * Locking: as mc_tally_run().
 */
void mc_tally_odd_page(struct mc_tally *tally, struct page *page, pte_t pte)
{
	mc_tally_end(tally);
	run_begin(&tally->run, page, pte, MC_LOOK_NONE);
}

/* Some of a folio's pages, each by how often it is mapped. Return: how many. */
static unsigned long count_by_mapcount(struct mc_tally *tally, struct folio *folio,
				       struct page *page, unsigned long nr,
				       unsigned int traits)
{
	u64 pages[2] = {}, pss[2] = {};
	unsigned long i;

	for (i = 0; i < nr; i++) {
		int mapcount = mc_page_mapcount(folio, page + i);
		bool shared = !mc_page_is_private(folio, mapcount);

		pages[shared]++;
		pss[shared] += mc_page_pss(mapcount);
	}
	count_pages(tally, traits, pages[0], pss[0]);
	count_pages(tally, traits | MC_PAGE_SHARED, pages[1], pss[1]);
	return nr;
}

static void count_thp(struct mc_tally *tally, struct folio *folio, unsigned int traits,
		      unsigned long nr)
{
	unsigned long bytes = nr << PAGE_SHIFT;

	switch (traits & MC_PAGE_KIND) {
	case 0:
		if (!folio_is_zone_device(folio))
			mc_tally_add(tally, thp_file, bytes);
		break;
	case MC_PAGE_SWAPBACKED:
		mc_tally_add(tally, thp_shmem, bytes);
		break;
	default:
		mc_tally_add(tally, thp_anon, bytes);
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
 * Return: how many pages had to be looked at one by one.
 */
unsigned long mc_tally_huge(struct mc_tally *tally, struct page *page, unsigned long nr,
			    bool dirty, bool young)
{
	struct folio *folio = page_folio(page);
	unsigned int traits = folio_traits_now(folio);

	if (dirty)
		traits |= MC_PAGE_DIRTY;
	if (young)
		traits |= MC_PAGE_REFERENCED;
	count_thp(tally, folio, traits, nr);
	/* One reference: one entry maps it, this one, so that no page is shared. */
	if (folio_ref_count(folio) != 1)
		return count_by_mapcount(tally, folio, page, nr, traits);
	count_pages(tally, traits, nr, nr * MC_PSS_PAGE);
	return 0;
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
 * Return: as mc_tally_huge().
 */
unsigned long mc_tally_leaf(struct mc_tally *tally, swp_entry_t entry, struct page *page,
			    unsigned long nr)
{
	struct folio *folio = page_folio(page);
	unsigned int traits = folio_traits_now(folio);

	if (nr > 1)
		count_thp(tally, folio, traits, nr);
	switch (mc_leaf_sharing(entry)) {
	case MC_LEAF_BY_MAPCOUNT:
		return count_by_mapcount(tally, folio, page, nr, traits);
	case MC_LEAF_PRIVATE:
		count_pages(tally, traits, nr, nr * MC_PSS_PAGE);
		break;
	case MC_LEAF_SHARED:
		/* Counted whole for each that has it. */
		count_pages(tally, traits | MC_PAGE_SHARED, nr, nr * MC_PSS_PAGE);
	}
	return 0;
}
