// SPDX-License-Identifier: GPL-2.0
/*
 * 6.1, "mm/gup: replace FOLL_NUMA by gup_can_follow_protnone()", until 6.5, "mm/gup:
 * reintroduce FOLL_NUMA as FOLL_HONOR_NUMA_FAULT", which gave the function the VMA
 * as well: in between, /proc does not count a huge page that nobody may access.
 */
#include <linux/mm.h>

bool probe(unsigned int flags);
bool probe(unsigned int flags)
{
	return gup_can_follow_protnone(flags);
}
