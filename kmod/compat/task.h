/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_COMPAT_TASK_H
#define MC_COMPAT_TASK_H

#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>

/**
 * mc_task_user_sp() - a task's user stack pointer
 * @task: the caller holds a reference, or RCU
 * @sp: gets the pointer as of the task's last entry into the kernel
 *
 * It lies on the task's kernel stack. try_get_task_stack() would keep that from
 * being freed, but its other half, put_task_stack(), is exported in no release. So
 * it is read in a way that survives a stack that is gone, and what was read counts
 * only if the stack still was the task's afterwards.
 *
 * Return: false for a task that has exited, and for a kernel thread.
 */
static inline bool mc_task_user_sp(struct task_struct *task, unsigned long *sp)
{
	struct pt_regs regs;
	void *stack = READ_ONCE(task->stack);

	if (!stack || task->flags & PF_KTHREAD)
		return false;
	if (copy_from_kernel_nofault(&regs, task_pt_regs(task), sizeof(regs)))
		return false;
	/* Pairs with the barrier in the release of the last reference. */
	smp_rmb();
	if (!refcount_read(&task->stack_refcount))
		return false;
	*sp = user_stack_pointer(&regs);
	return true;
}

/* The same for the running task, which has its stack. 0 for a kernel thread. */
static __always_inline unsigned long mc_current_user_sp(void)
{
	return user_stack_pointer(task_pt_regs(current));
}

#endif /* MC_COMPAT_TASK_H */
