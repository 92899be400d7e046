// SPDX-License-Identifier: GPL-2.0
/*
 * 5.14, "mm: remove special swap entry functions": one call finds the page
 * of every entry that has one, of the device-exclusive ones new then too. /proc
 * counts exactly those pages.
 */
#include <linux/mm.h>
#include <linux/swap.h>
#include <linux/swapops.h>

struct page *probe(swp_entry_t entry);
struct page *probe(swp_entry_t entry)
{
	return is_pfn_swap_entry(entry) ? pfn_swap_entry_to_page(entry) : NULL;
}
