// SPDX-License-Identifier: GPL-2.0
/*
 * 5.11, "mm: memcontrol: Use helpers to read page's memcg data": the memory cgroup that
 * a page is charged to is asked for by this.
 */
#include <linux/memcontrol.h>

struct mem_cgroup *probe(struct page *page);
struct mem_cgroup *probe(struct page *page)
{
	return page_memcg_check(page);
}
