// SPDX-License-Identifier: GPL-2.0
/*
 * Commits on loading the fault that it is asked for, so that a test can see the
 * ground notice.
 */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *kind = "none";
module_param(kind, charp, 0400);

static DEFINE_SPINLOCK(first);
static DEFINE_SPINLOCK(second);

static void commit_none(void)
{
}

static void commit_warn(void)
{
	WARN_ON(1);
}

static void commit_use_after_free(void)
{
	char *memory = kmalloc(64, GFP_KERNEL);

	if (!memory)
		return;
	kfree(memory);
	/* The compiler knows kfree() and must not see this coming. */
	OPTIMIZER_HIDE_VAR(memory);
	WRITE_ONCE(memory[8], 1);
}

static void commit_leak(void)
{
	int i;

	/* More than one: a stale register may still point to the last. */
	for (i = 0; i < 16; i++) {
		char *memory = kmalloc(200, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(memory);
	}
}

static void commit_lock_order(void)
{
	spin_lock(&first);
	spin_lock(&second);
	spin_unlock(&second);
	spin_unlock(&first);
	spin_lock(&second);
	spin_lock(&first);
	spin_unlock(&first);
	spin_unlock(&second);
}

static void commit_atomic_sleep(void)
{
	spin_lock(&first);
	msleep(1);
	spin_unlock(&first);
}

static unsigned long shared;

static int commit_race_beside(void *unused)
{
	while (!kthread_should_stop()) {
		shared++;
		cond_resched();
	}
	return 0;
}

static void commit_race(void)
{
	const unsigned long end = jiffies + 5 * HZ;
	struct task_struct *beside = kthread_run(commit_race_beside, NULL, "race");

	if (IS_ERR(beside))
		return;
	while (time_before(jiffies, end)) {
		shared++;
		cond_resched();
	}
	kthread_stop(beside);
}

static const struct {
	const char *kind;
	void (*commit)(void);
} faults[] = {
	{ "none", commit_none },
	{ "warn", commit_warn },
	{ "use-after-free", commit_use_after_free },
	{ "leak", commit_leak },
	{ "lock-order", commit_lock_order },
	{ "atomic-sleep", commit_atomic_sleep },
	{ "race", commit_race },
};

static int __init faults_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (!strcmp(kind, faults[i].kind)) {
			faults[i].commit();
			return 0;
		}
	}
	return -EINVAL;
}

static void __exit faults_exit(void)
{
}

module_init(faults_init);
module_exit(faults_exit);

MODULE_DESCRIPTION("Faults for the test of the test ground");
MODULE_AUTHOR("The memclass authors");
MODULE_LICENSE("GPL");
