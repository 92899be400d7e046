/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_COMPAT_TASK_H
#define MC_COMPAT_TASK_H

#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>

/*
 * Is somebody else to have the processor?
 *
 * 6.13, "sched: Add TIF_NEED_RESCHED_LAZY infrastructure", and kernels for real-time
 * preemption before it: most of those who are due ask with a bit of their own, which
 * need_resched() leaves out and cond_resched() does not heed.
 */
static __always_inline bool mc_resched_is_due(void)
{
#ifdef TIF_NEED_RESCHED_LAZY
	if (test_thread_flag(TIF_NEED_RESCHED_LAZY))
		return true;
#endif
	return need_resched();
}

/* Lets those go first. Locking: none held that others wait for; sleeps. */
static __always_inline void mc_resched(void)
{
	might_sleep();
	if (mc_resched_is_due())
		schedule();
}

/*
 * Whoever is preempted keeps what it has locked until its turn comes again. With this a
 * task stays where it is for a time that is short, and over as soon as
 * mc_resched_is_due(); meanwhile it must not sleep. Not for real-time preemption, where
 * spinlocks that are taken meanwhile do.
 */
static __always_inline void mc_preempt_off(void)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_disable();
}

static __always_inline void mc_preempt_on(void)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_enable();
}

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
