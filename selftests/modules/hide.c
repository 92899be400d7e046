// SPDX-License-Identifier: GPL-2.0
/*
 * Takes memory page by page, as drivers do, where no counter of the kernel's notices:
 * "insmod hide.ko mib=256". It comes back with rmmod.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static unsigned int mib;
module_param(mib, uint, 0400);
MODULE_PARM_DESC(mib, "MiB to take");

/* 1 MiB at a time: as large as any driver's ring buffer. */
#define ORDER	(20 - PAGE_SHIFT)

static LIST_HEAD(hidden);

static void give_back(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &hidden, lru) {
		list_del(&page->lru);
		__free_pages(page, ORDER);
	}
}

static int __init hide_init(void)
{
	struct page *page;
	unsigned int i;

	for (i = 0; i < mib; i++) {
		page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL, ORDER);
		if (!page) {
			give_back();
			return -ENOMEM;
		}
		list_add(&page->lru, &hidden);
	}
	return 0;
}

static void __exit hide_exit(void)
{
	give_back();
}

module_init(hide_init);
module_exit(hide_exit);

MODULE_DESCRIPTION("Memory that no counter knows of, for the test of the ledger");
MODULE_AUTHOR("The memclass authors");
MODULE_LICENSE("GPL");
