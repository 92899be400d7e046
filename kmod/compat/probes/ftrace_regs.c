// SPDX-License-Identifier: GPL-2.0
/*
 * 5.11, "ftrace: Have the callbacks receive a struct ftrace_regs instead of pt_regs".
 */
#include <linux/ftrace.h>

ftrace_func_t probe(void (*callback)(unsigned long ip, unsigned long parent_ip,
				     struct ftrace_ops *ops, struct ftrace_regs *regs));
ftrace_func_t probe(void (*callback)(unsigned long ip, unsigned long parent_ip,
				     struct ftrace_ops *ops, struct ftrace_regs *regs))
{
	return callback;
}
