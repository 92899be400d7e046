/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_COMPAT_FAULT_H
#define MC_COMPAT_FAULT_H

#include <linux/ftrace.h>
#include <linux/ptrace.h>

/*
 * What a callback of ftrace gets as its last argument.
 *
 * 5.11, "ftrace: Have the callbacks receive a struct ftrace_regs instead of pt_regs":
 * the function's arguments can be had without saving all registers. Before, all are
 * saved. And ftrace guarded every callback against being entered again, unless it
 * said that it needs no guard; since then, only those that ask for one.
 * 6.3, "ftrace: pass fregs to arch_ftrace_set_direct_caller()" and its series: it can
 * be asked for an argument, whatever is in it.
 */
#ifdef MC_HAVE_FTRACE_REGS
#define mc_ftrace_regs		ftrace_regs
#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
#define MC_FTRACE_FLAGS		0
#else
#define MC_FTRACE_FLAGS		FTRACE_OPS_FL_SAVE_REGS
#endif
#else
#define mc_ftrace_regs		pt_regs
#define MC_FTRACE_FLAGS		(FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_RECURSION_SAFE)
#endif

static __always_inline unsigned long mc_ftrace_argument(struct mc_ftrace_regs *regs, unsigned int n)
{
#if defined(MC_HAVE_FTRACE_ARGUMENT)
	return ftrace_regs_get_argument(regs, n);
#elif defined(MC_HAVE_FTRACE_REGS)
	return regs_get_kernel_argument(&regs->regs, n);
#else
	return regs_get_kernel_argument(regs, n);
#endif
}

#endif /* MC_COMPAT_FAULT_H */
