// SPDX-License-Identifier: GPL-2.0
/*
 * 6.17, "mm: remove devmap related functions and page table bits": until then, DAX
 * pages have no mapcount and must not be accounted.
 */
#include <linux/mm.h>

int probe(pmd_t pmd);
int probe(pmd_t pmd)
{
	return pmd_devmap(pmd);
}
