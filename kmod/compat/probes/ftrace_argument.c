// SPDX-License-Identifier: GPL-2.0
/*
 * 6.3: ftrace_regs_get_argument(), for what a callback of ftrace gets.
 */
#include <linux/ftrace.h>

unsigned long probe(struct ftrace_regs *regs);
unsigned long probe(struct ftrace_regs *regs)
{
	return ftrace_regs_get_argument(regs, 1);
}
