// SPDX-License-Identifier: GPL-2.0
/*
 * 6.11, "fs/proc: move page_mapcount() to fs/proc/internal.h": from then on the
 * module must count by itself. The same series changed how /proc divides pages
 * under migration, so this answer also decides that.
 */
#include <linux/mm.h>

int probe(struct page *page);
int probe(struct page *page)
{
	return page_mapcount(page);
}
