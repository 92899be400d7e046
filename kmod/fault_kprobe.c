// SPDX-License-Identifier: GPL-2.0
/*
 * Page faults through a kprobe at the function's entry: dearer than ftrace, but there
 * where the kernel was built without it, or it is turned off.
 */
#include "compat.h"
#include "fault_count.h"
#include "fault_hook.h"

#include <linux/kprobes.h>
#include <linux/stringify.h>

/* With real-time preemption counters cannot be made where preemption is off, as here. */
#if defined(CONFIG_KPROBES) && !defined(CONFIG_PREEMPT_RT)

static int notrace entered(struct kprobe *kprobe, struct pt_regs *regs)
{
	mc_fault_count((const struct vm_area_struct *)regs_get_kernel_argument(regs, 0),
		       regs_get_kernel_argument(regs, 2));
	return 0;
}

NOKPROBE_SYMBOL(entered);

static struct kprobe kprobe;

static int attach(void)
{
	/* What an earlier registration left in it must not be there. */
	kprobe = (struct kprobe) {
		.symbol_name = __stringify(MC_FAULT_FUNCTION),
		.pre_handler = entered,
	};
	return register_kprobe(&kprobe);
}

static int detach(void)
{
	unregister_kprobe(&kprobe);
	return 0;
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

const struct mc_fault_hook mc_fault_kprobe = {
	.name = "kprobe",
	.attach = attach,
	.detach = detach,
};
