// SPDX-License-Identifier: GPL-2.0
/*
 * Counting page faults: chooses the hook, and turns it on and off.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "fault.h"

#include "compat.h"
#include "fault_hook.h"
#include "fault_read.h"
#include "fault_table.h"

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/string.h>

/* The best one first. */
static const struct mc_fault_hook *const hooks[] = {
	&mc_fault_ftrace,
	&mc_fault_kprobe,
};

/* What the parameter can say. The other answers are the names of hooks. */
static const char off[] = "off";
static const char automatic[] = "auto";

static const char *wanted = automatic;
static unsigned int threads_max = 65536;

/* Held for reading by those that read counters, for writing while they come and go. */
static DECLARE_RWSEM(state_lock);
static bool running;				/* between init and exit */
static const struct mc_fault_hook *hook;	/* attached, or NULL */
static const char *why_not = "not started yet";

/*
 * Others can turn off all of ftrace, or of kprobes, and then a hook is attached but
 * never called. So the running task has a fault: it asks for a page of its own that
 * is there.
 *
 * Return: false when the hook was not called; true also where that cannot be told.
 */
static bool hook_works(void)
{
	struct mm_struct *mm = current->mm;
	bool unlocked = false;
	int ret;

	/* A kernel thread loads no modules, but if it does, it cannot tell. */
	if (!mm)
		return true;
	mc_fault_count_await();
	mmap_read_lock(mm);
	ret = fixup_user_fault(mm, mm->arg_start, 0, &unlocked);
	mmap_read_unlock(mm);
	return mc_fault_count_saw() || ret;
}

/*
 * The kernel gives up ftrace when it finds something wrong with it, and then a hook stays
 * for good, and so must the module.
 */
static int detach(const struct mc_fault_hook *attached)
{
	int ret = attached->detach();

	if (ret) {
		pr_err("the kernel does not let go of %s (%pe): reboot before you unload memclass\n",
		       attached->name, ERR_PTR(ret));
		__module_get(THIS_MODULE);
	}
	return ret;
}

/* Return: why it could not, or NULL. */
static const char *try_hook(const struct mc_fault_hook *candidate)
{
	const char *why = NULL;
	int ret;

	mc_fault_read_start();
	ret = mc_fault_table_start(threads_max);
	if (ret) {
		pr_warn("cannot count page faults: %pe\n", ERR_PTR(ret));
		return ret == -ENOMEM ? "no memory" : "no tracepoints";
	}
	ret = candidate->attach();
	if (ret) {
		pr_warn("cannot count page faults with %s: %pe\n", candidate->name,
			ERR_PTR(ret));
		why = "the hook cannot be attached";
	} else if (!hook_works()) {
		pr_warn("cannot count page faults with %s: it is turned off (kernel.ftrace_enabled, kprobes/enabled in debugfs)\n",
			candidate->name);
		if (detach(candidate))
			return NULL;
		why = "the hook is never called";
	}
	if (why)
		mc_fault_table_stop();
	else
		mc_fault_table_hooked();
	return why;
}

/* Locking: state_lock for writing. */
static void turn_on(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hooks) && !hook; i++) {
		if (wanted != automatic && wanted != hooks[i]->name)
			continue;
		why_not = try_hook(hooks[i]);
		if (!why_not)
			hook = hooks[i];
	}
	if (hook)
		pr_info("counting page faults with %s\n", hook->name);
	else
		pr_warn("not counting page faults: %s\n", why_not);
}

/* Locking: state_lock for writing. */
static void turn_off(const char *why)
{
	if (hook) {
		if (detach(hook))
			return;
		mc_fault_table_stop();
		hook = NULL;
	}
	why_not = why;
}

static void apply(void)
{
	turn_off("by parameter");
	if (wanted != off && !hook)
		turn_on();
}

/*
 * Before init the value is only kept; and it can still be written to while the module
 * goes.
 */
static int wanted_set(const char *value, const struct kernel_param *param)
{
	const char *found = NULL;
	size_t i;

	if (sysfs_streq(value, automatic))
		found = automatic;
	if (sysfs_streq(value, off))
		found = off;
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (sysfs_streq(value, hooks[i]->name))
			found = hooks[i]->name;
	if (!found) {
		pr_err("faults=%.*s is none of auto, ftrace, kprobe, off\n",
		       (int)strcspn(value, "\n"), value);
		return -EINVAL;
	}
	if (down_write_killable(&state_lock))
		return -EINTR;
	wanted = found;
	if (running)
		apply();
	up_write(&state_lock);
	return 0;
}

static int wanted_get(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%s\n", wanted);
}

static const struct kernel_param_ops wanted_ops = {
	.set = wanted_set,
	.get = wanted_get,
};

module_param_cb(faults, &wanted_ops, NULL, 0644);
MODULE_PARM_DESC(faults, "how page faults are counted: auto (default), ftrace, kprobe or off");
module_param_named(fault_tasks, threads_max, uint, 0444);
MODULE_PARM_DESC(fault_tasks, "threads to count page faults for at most (default 65536)");

/**
 * mc_fault_init() - begin to count, if that is wanted
 *
 * That it cannot be done is no error: all else works without.
 */
void mc_fault_init(void)
{
	down_write(&state_lock);
	running = true;
	apply();
	up_write(&state_lock);
}

/**
 * mc_fault_exit() - stop counting
 *
 * Does not return when the kernel keeps the hook: nobody can refuse to be unloaded any
 * more, but as long as this waits, what the hook calls is there.
 */
void mc_fault_exit(void)
{
	bool kept;

	down_write(&state_lock);
	running = false;
	turn_off("going");
	kept = hook;
	up_write(&state_lock);
	/* Not idly: whoever looks for tasks that hang is to find this one. */
	while (kept)
		schedule_timeout_uninterruptible(MAX_SCHEDULE_TIMEOUT);
}

/**
 * mc_fault_process() - a process's faults
 * @task: one of its threads; the caller has a reference
 * @faults: gets them; must be empty
 *
 * Locking: none; sleeps.
 * Return: false when faults are not counted, or the reader was killed while the hook was
 * being changed.
 */
bool mc_fault_process(struct task_struct *task, struct mc_faults *faults)
{
	bool on;

	if (down_read_killable(&state_lock))
		return false;
	on = hook;
	if (on)
		mc_fault_read_process(task, faults);
	up_read(&state_lock);
	return on;
}

/**
 * mc_fault_all() - the faults of all processes, also those that have ended
 * @faults: gets them; must be empty
 *
 * Locking: none; sleeps.
 * Return: as there.
 */
bool mc_fault_all(struct mc_faults *faults)
{
	bool on;

	if (down_read_killable(&state_lock))
		return false;
	on = hook;
	if (on)
		mc_fault_read_all(faults);
	up_read(&state_lock);
	return on;
}

/**
 * mc_fault_state() - what there is to say about it
 * @state: filled in
 *
 * Locking: none; sleeps.
 */
void mc_fault_state(struct mc_fault_state *state)
{
	memset(state, 0, sizeof(*state));
	state->why = "";
	/* Nobody will see what a reader gets who was killed. */
	if (down_read_killable(&state_lock))
		return;
	state->threads_max = threads_max;
	if (hook) {
		state->hook = hook->name;
		state->threads = mc_fault_table_threads();
		mc_fault_read_all(&state->faults);
	} else {
		state->why = why_not;
	}
	up_read(&state_lock);
}
