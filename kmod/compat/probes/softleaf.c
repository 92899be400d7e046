// SPDX-License-Identifier: GPL-2.0
/*
 * 6.19, "mm: introduce leaf entry type and use to simplify leaf entry logic":
 * non_swap_entry(), is_migration_entry() and their like gave way to softleaf_*().
 */
#include <linux/mm.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#if __has_include("linux/leafops.h")
#include <linux/leafops.h>
#endif

struct page *probe(pte_t pte);
struct page *probe(pte_t pte)
{
	swp_entry_t entry = softleaf_from_pte(pte);

	if (softleaf_is_swap(entry) || !softleaf_has_pfn(entry))
		return NULL;
	return softleaf_to_page(entry);
}
