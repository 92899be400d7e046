// SPDX-License-Identifier: GPL-2.0
/*
 * 5.16, "mm: Introduce struct folio"; 5.18 and later have all of these. Without
 * them the module reads the head page in the old words.
 */
#include <linux/mm.h>
#include <linux/page_idle.h>

int probe(struct page *page);
int probe(struct page *page)
{
	struct folio *folio = page_folio(page);

	return folio_test_anon(folio) && folio_test_young(folio) &&
	       folio_is_zone_device(folio) && folio_entire_mapcount(folio);
}
