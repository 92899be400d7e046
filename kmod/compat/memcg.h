/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_COMPAT_MEMCG_H
#define MC_COMPAT_MEMCG_H

#include "compat/config.h"

#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/mm_types.h>
#include <linux/sched.h>

/*
 * Memory cgroups, which a kernel can be built without, or told not to have.
 *
 * Locking: RCU, for all that follow cgroups; mc_memcg_next() also needs a reference to
 * @css when RCU was let go since it was found.
 */
#ifdef CONFIG_MEMCG

/* NULL: there are none. */
static inline const char *mc_memcg_version(void)
{
	if (mem_cgroup_disabled())
		return NULL;
	return cgroup_subsys_on_dfl(memory_cgrp_subsys) ? "v2" : "v1";
}

/* That of a task, which is always in one; the idle task never leaves the root. */
static inline struct cgroup_subsys_state *mc_memcg_of(struct task_struct *task)
{
	return &mem_cgroup_from_task(task)->css;
}

/* Parents come before their children. @css NULL: the root. */
static inline struct cgroup_subsys_state *mc_memcg_next(struct cgroup_subsys_state *css)
{
	return css_next_descendant_pre(css, mc_memcg_of(&init_task));
}

/*
 * Who a page is charged to, by the inode of the cgroup's directory; 0: nobody.
 *
 * 5.11, "mm: memcontrol: Use helpers to read page's memcg data".
 */
static inline u64 mc_memcg_of_page(struct page *page)
{
#ifdef MC_HAVE_PAGE_MEMCG_CHECK
	struct mem_cgroup *memcg = page_memcg_check(page);
#else
	struct mem_cgroup *memcg = READ_ONCE(page->mem_cgroup);
#endif
	return memcg ? cgroup_ino(memcg->css.cgroup) : 0;
}

#else

static inline const char *mc_memcg_version(void)
{
	return NULL;
}

static inline struct cgroup_subsys_state *mc_memcg_of(struct task_struct *task)
{
	return NULL;
}

static inline struct cgroup_subsys_state *mc_memcg_next(struct cgroup_subsys_state *css)
{
	return NULL;
}

static inline u64 mc_memcg_of_page(struct page *page)
{
	return 0;
}

#endif

#endif /* MC_COMPAT_MEMCG_H */
