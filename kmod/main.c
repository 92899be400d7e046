// SPDX-License-Identifier: GPL-2.0
/*
 * memclass: exact accounting of memory by kind, process and container.
 *
 * The table of contents: what there is, in the order in which it comes up.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "debugfs.h"
#include "fault.h"
#include "objects.h"
#include "uapi/memclass.h"

#include <linux/init.h>
#include <linux/module.h>

static int __init memclass_init(void)
{
	int ret;

	mc_objects_init();
	/* Before the others, since nothing else can fail. */
	ret = mc_debugfs_init();
	if (ret)
		return ret;
	mc_fault_init();

	pr_info("version %s, ABI %d\n", MEMCLASS_VERSION, MEMCLASS_ABI);
	return 0;
}

static void __exit memclass_exit(void)
{
	mc_fault_exit();
	mc_debugfs_exit();
}

module_init(memclass_init);
module_exit(memclass_exit);

MODULE_DESCRIPTION("Exact accounting of memory by kind, process and container");
MODULE_AUTHOR("The memclass authors");
MODULE_VERSION(MEMCLASS_VERSION);
MODULE_LICENSE("GPL");
