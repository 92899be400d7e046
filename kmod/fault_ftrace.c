// SPDX-License-Identifier: GPL-2.0
/*
 * Page faults through ftrace: a call at the function's entry that is patched in, and
 * that costs nothing when it is not.
 */
#include "compat.h"
#include "fault_count.h"
#include "fault_hook.h"

#include <linux/ftrace.h>
#include <linux/mm.h>

#ifdef CONFIG_DYNAMIC_FTRACE

/*
 * It cannot be entered again on top of itself, since it touches no user memory, and
 * so asks for no guard against that.
 */
static void notrace entered(unsigned long ip, unsigned long parent_ip,
			    struct ftrace_ops *ops, struct mc_ftrace_regs *regs)
{
	mc_fault_count((const struct vm_area_struct *)mc_ftrace_argument(regs, 0),
		       mc_ftrace_argument(regs, 2));
}

static struct ftrace_ops ops = {
	.func = entered,
	.flags = MC_FTRACE_FLAGS,
};

/* Frees it; ftrace_free_filter() is not exported in 5.10. */
static void forget_filter(void)
{
	ftrace_set_filter(&ops, NULL, 0, 1);
}

/*
 * Not by the function's name: with no memory for what it has found, ftrace_set_filter()
 * says that all is well, and leaves a filter that lets every function through.
 */
static int attach(void)
{
	int ret = ftrace_set_filter_ip(&ops, (unsigned long)MC_FAULT_FUNCTION, 0, 1);

	if (ret)
		return ret;
	ret = register_ftrace_function(&ops);
	if (ret)
		forget_filter();
	return ret;
}

static int detach(void)
{
	int ret = unregister_ftrace_function(&ops);

	if (!ret)
		forget_filter();
	return ret;
}

#else

static int attach(void)
{
	return -EOPNOTSUPP;
}

static int detach(void)
{
	return 0;
}

#endif

const struct mc_fault_hook mc_fault_ftrace = {
	.name = "ftrace",
	.attach = attach,
	.detach = detach,
};
