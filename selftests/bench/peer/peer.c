// SPDX-License-Identifier: GPL-2.0
/*
 * What one would write first to count page faults by what they are: a kretprobe, that
 * notes at the function's entry what is asked for and counts at its return what came of
 * it. For bench_fault to be held against; by processor, and without any process.
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>

#define KINDS	4

static DEFINE_PER_CPU(unsigned long[KINDS], counts);

static int entered(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	*(unsigned long *)instance->data = regs_get_kernel_argument(regs, 2);
	return 0;
}

static int returned(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	unsigned long flags = *(unsigned long *)instance->data;
	unsigned long result = regs_return_value(regs);

	if (!(result & (VM_FAULT_RETRY | VM_FAULT_ERROR)))
		this_cpu_inc(counts[(result & VM_FAULT_MAJOR ? 2 : 0) +
				    (flags & FAULT_FLAG_WRITE ? 1 : 0)]);
	return 0;
}

static struct kretprobe probe = {
	.kp.symbol_name = "handle_mm_fault",
	.entry_handler = entered,
	.handler = returned,
	.data_size = sizeof(unsigned long),
	.maxactive = 256,
};

static int __init peer_init(void)
{
	return register_kretprobe(&probe);
}

static void __exit peer_exit(void)
{
	unregister_kretprobe(&probe);
}

module_init(peer_init);
module_exit(peer_exit);

MODULE_DESCRIPTION("A kretprobe that counts page faults, for the benchmark");
MODULE_AUTHOR("The memclass authors");
MODULE_LICENSE("GPL");
