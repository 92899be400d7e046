// SPDX-License-Identifier: GPL-2.0
/*
 * What was counted of page faults: of a process, or of all.
 */
#include "fault_read.h"

#include "fault_table.h"

#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

/* Of a thread that may be having faults right now. Locking: as thread_read(). */
static void thread_copy(const struct fault_thread *thread, struct mc_faults *copy,
			struct fault_pending *pending)
{
	unsigned int seq, class;
	unsigned long left;

	do {
		seq = raw_read_seqcount_begin(&thread->settling);
		left = thread->sum.used;
		copy->used = left;
		mc_for_each_class(class, left)
			copy->classes[class] = thread->sum.classes[class];
		copy->dropped_minor = thread->sum.dropped_minor;
		copy->dropped_major = thread->sum.dropped_major;
		copy->missed = thread->sum.missed;
		*pending = mc_fault_pending(thread);
	} while (read_seqcount_retry(&thread->settling, seq));
}

/*
 * Adds the faults of a thread.
 *
 * Locking: its process's lock, so that the task is not freed.
 */
static void thread_read(const struct fault_thread *thread, struct mc_faults *sum)
{
	struct fault_pending pending;

	if (!(sum->used | sum->dropped_minor | sum->dropped_major | sum->missed)) {
		thread_copy(thread, sum, &pending);
	} else {
		struct mc_faults copy;

		thread_copy(thread, &copy, &pending);
		mc_faults_add(sum, &copy);
	}
	mc_faults_add_pending(sum, &pending);
}

/* Threads that are read while the process's lock is held. */
#define THREADS_AT_ONCE	64

/*
 * Adds the faults of a process, or also those of the programs that it was before. The
 * lock is let go now and then; threads that are freed meanwhile are not missed.
 *
 * Locking: none; sleeps. The caller has a reference to the process.
 * Return: false when it became another program meanwhile.
 */
static bool process_read(struct fault_process *process, bool all, struct mc_faults *faults)
{
	unsigned int program, budget = THREADS_AT_ONCE;
	struct fault_thread *thread;
	unsigned long flags;
	bool same;

	mutex_lock(&process->reading);
	raw_spin_lock_irqsave(&process->lock, flags);
	program = process->programs;
	process->round++;
	process->read = faults;
	process->read_all = all;
	mc_faults_add(faults, &process->sum);
	list_for_each_entry(thread, &process->threads, siblings) {
		thread->round = process->round;
		if (all || thread->program == process->programs)
			thread_read(thread, faults);
		if (--budget)
			continue;
		budget = THREADS_AT_ONCE;
		list_add(&process->place, &thread->siblings);
		raw_spin_unlock_irqrestore(&process->lock, flags);
		cond_resched();
		raw_spin_lock_irqsave(&process->lock, flags);
		/* Goes on after the place, whoever has come or gone. */
		thread = list_entry(process->place.prev, struct fault_thread, siblings);
		list_del(&process->place);
	}
	process->read = NULL;
	same = process->programs == program;
	raw_spin_unlock_irqrestore(&process->lock, flags);
	mutex_unlock(&process->reading);
	return same;
}

/* Of a process without counters: since it was forked, as far as that can be known. */
static void drop_process(struct task_struct *task, struct mc_faults *faults)
{
	if (!mc_fault_is_young(task->group_leader))
		return;
	/* Of the threads that have ended. */
	faults->dropped_minor += READ_ONCE(task->signal->min_flt);
	faults->dropped_major += READ_ONCE(task->signal->maj_flt);
}

/**
 * mc_fault_read_process() - a process's faults
 * @task: one of its threads; the caller has a reference
 * @faults: gets them; must be empty
 *
 * Of a process that has had none since counting began there is nothing to tell. One
 * without counters has had its faults dropped, since it was forked: when it became
 * another program is not known.
 *
 * Locking: counting is not stopped meanwhile; sleeps.
 */
void mc_fault_read_process(struct task_struct *task, struct mc_faults *faults)
{
	struct fault_process *process = mc_fault_process_hold(task->signal);
	struct task_struct *sibling;

	if (process) {
		while (!process_read(process, false, faults) && !fatal_signal_pending(current))
			mc_faults_init(faults);
		mc_fault_process_put(process, 1);
	}
	rcu_read_lock();
	if (!process)
		drop_process(task, faults);
	for_each_thread(task, sibling)
		if (!mc_fault_has_counters(sibling))
			mc_fault_drop(sibling, faults);
	rcu_read_unlock();
}

/* What was shown last, so that no count ever goes back. */
static DEFINE_MUTEX(shown_lock);
static struct mc_faults shown;

/**
 * mc_fault_read_start() - counting begins anew
 *
 * Locking: none. The caller sees to it that nobody reads.
 */
void mc_fault_read_start(void)
{
	memset(&shown, 0, sizeof(shown));
}

static void show_at_least(struct mc_faults *faults)
{
	unsigned int i;

	for (i = 0; i < MEMCLASS_NR_CLASSES; i++) {
#define SHOW(field, text) \
	faults->classes[i].field = max(faults->classes[i].field, \
				       shown.classes[i].field);
		MEMCLASS_FAULTS(SHOW)
#undef SHOW
	}
	faults->used |= shown.used;
	faults->dropped_minor = max(faults->dropped_minor, shown.dropped_minor);
	faults->dropped_major = max(faults->dropped_major, shown.dropped_major);
	faults->missed = max(faults->missed, shown.missed);
	shown = *faults;
}

/**
 * mc_fault_read_all() - the faults of all processes, also those that have ended
 * @faults: gets them; must be empty
 *
 * What has ended is read first: of a process that ends meanwhile, nothing is seen for
 * once, and nothing is seen twice.
 *
 * Locking: counting is not stopped meanwhile; sleeps.
 */
void mc_fault_read_all(struct mc_faults *faults)
{
	struct fault_process *process = NULL;
	struct task_struct *leader, *task;
	unsigned int i;

	mutex_lock(&shown_lock);
	mc_fault_gone(faults);
	for (i = 0; i < MC_FAULT_BUCKETS; i++) {
		while ((process = mc_fault_process_next(i, process)))
			process_read(process, true, faults);
		cond_resched();
	}
	rcu_read_lock();
	for_each_process_thread(leader, task)
		if (!mc_fault_has_counters(task))
			mc_fault_drop(task, faults);
	rcu_read_unlock();
	show_at_least(faults);
	mutex_unlock(&shown_lock);
}
