// SPDX-License-Identifier: GPL-2.0
/*
 * 6.12, "mm: mark special bits for huge pfn mappings when inject": a PMD entry says
 * by itself that there is no page to account. Taking one for a page would read
 * memory that is none.
 */
#include <linux/mm.h>

bool probe(pmd_t pmd);
bool probe(pmd_t pmd)
{
	return pmd_special(pmd);
}
