// SPDX-License-Identifier: GPL-2.0
/*
 * From a pid to a process that can be walked. The references taken here are all that
 * keeps the task and its memory alive while they are looked at; nothing else of the
 * module holds one.
 */
#include "target.h"

#include "compat.h"

#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sort.h>

/*
 * The memory of a process; its leader may have ended before its other threads.
 *
 * Return: a reference to its users, or NULL: a kernel thread, or a process that has
 * ended as far as memory goes.
 */
static struct mm_struct *get_process_mm(struct task_struct *leader)
{
	struct mm_struct *mm = get_task_mm(leader);
	struct task_struct *thread;

	if (mm || leader->flags & PF_KTHREAD)
		return mm;
	rcu_read_lock();
	for_each_thread(leader, thread) {
		mm = get_task_mm(thread);
		if (mm)
			break;
	}
	rcu_read_unlock();
	return mm;
}

/*
 * Does a process with a lower pid use the same memory? vfork() makes such processes,
 * and clone(CLONE_VM). It must be one that the reader can see too. Only where there
 * are more users than the process's own threads and the reader, all others are looked
 * through.
 */
static bool mm_is_shared(const struct mc_target *target, struct pid_namespace *ns)
{
	struct task_struct *other;
	bool shared = false;
	pid_t pid;

	/* A leader that has ended is still one of the threads. */
	if (READ_ONCE(target->task->mm) &&
	    atomic_read(&target->mm->mm_users) <= get_nr_threads(target->task) + 1)
		return false;
	rcu_read_lock();
	for_each_process(other) {
		if (READ_ONCE(other->mm) != target->mm || other->flags & PF_KTHREAD)
			continue;
		pid = task_tgid_nr_ns(other, ns);
		if (pid && pid < target->pid) {
			shared = true;
			break;
		}
	}
	rcu_read_unlock();
	return shared;
}

/**
 * mc_target_next() - the process with the lowest pid from @pid on that has memory
 * @ns: whose pids are meant
 * @pid: where to begin
 * @target: filled in; the caller puts it
 *
 * Locking: none; takes RCU and, for a moment, the lock of the task.
 * Return: false when there is none.
 */
bool mc_target_next(struct pid_namespace *ns, pid_t pid, struct mc_target *target)
{
	for (;; pid++) {
		struct task_struct *task = NULL;
		struct pid *found;
		int nr = pid;

		rcu_read_lock();
		found = idr_get_next(&ns->idr, &nr);
		if (found)
			task = pid_task(found, PIDTYPE_TGID);
		if (task)
			get_task_struct(task);
		rcu_read_unlock();
		if (!found)
			return false;
		pid = nr;
		if (!task)
			continue;

		target->mm = get_process_mm(task);
		if (target->mm) {
			target->task = task;
			target->pid = pid;
			target->shared_mm = mm_is_shared(target, ns);
			return true;
		}
		put_task_struct(task);
		cond_resched();
	}
}

/**
 * mc_target_put() - let go of a process
 * @target: what mc_target_next() filled in
 *
 * When the process has ended meanwhile, tearing down its memory is left to the
 * kernel's own worker: the reader must not pay for it, nor be kept by it.
 */
void mc_target_put(struct mc_target *target)
{
	mmput_async(target->mm);
	put_task_struct(target->task);
}

/**
 * mc_target_has_left() - has the process given up the memory that was found?
 * @target: what mc_target_next() filled in
 *
 * It is ending, or has become another program. What was asked of the task before may
 * then be the other program's. The leader alone may have ended: as long as other
 * threads live, so does the process.
 *
 * Locking: none; the answer is as of now.
 */
bool mc_target_has_left(const struct mc_target *target)
{
	const struct mm_struct *mm;

	/* exec changes the memory first, and then the name and all else. */
	smp_rmb();
	mm = READ_ONCE(target->task->mm);
	if (mm)
		return mm != target->mm;
	/* A leader whose other thread execs is no leader any more, even before that. */
	return !thread_group_leader(target->task) ||
	       !atomic_read(&target->task->signal->live);
}

static int compare_pointers(const void *a, const void *b)
{
	const unsigned long left = *(const unsigned long *)a;
	const unsigned long right = *(const unsigned long *)b;

	return left < right ? -1 : left > right;
}

/*
 * Takes in one more. When there is no room, only the lower half is kept; what lies
 * above is left for another time.
 */
static void stacks_add(struct mc_stacks *stacks, unsigned long pointer)
{
	if (stacks->count == MC_STACKS_MAX) {
		sort(stacks->pointers, stacks->count, sizeof(pointer), compare_pointers,
		     NULL);
		stacks->count /= 2;
		stacks->limit = stacks->pointers[stacks->count];
	}
	if (pointer < stacks->limit)
		stacks->pointers[stacks->count++] = pointer;
}

/**
 * mc_stacks_collect() - look where the threads' stack pointers are
 * @stacks: filled in, from where mc_stacks_hit() could not tell
 * @task: the leader of the process
 *
 * Takes time by the number of threads, so no lock of the process should be held.
 *
 * Locking: none; takes RCU.
 */
void mc_stacks_collect(struct mc_stacks *stacks, struct task_struct *task)
{
	struct task_struct *thread;
	unsigned long pointer;

	stacks->count = 0;
	stacks->limit = ULONG_MAX;
	if (get_nr_threads(task) < 2) {
		stacks->floor = 0;
		return;
	}
	rcu_read_lock();
	for_each_thread(task, thread) {
		if (mc_task_user_sp(thread, &pointer) && pointer >= stacks->floor)
			stacks_add(stacks, pointer);
	}
	rcu_read_unlock();
	sort(stacks->pointers, stacks->count, sizeof(pointer), compare_pointers, NULL);
}

/**
 * mc_stacks_find() - mc_stacks_hit() where there are stack pointers
 * @stacks: as there
 * @start: as there
 * @end: as there
 *
 * Locking: as there.
 * Return: as there.
 */
int mc_stacks_find(struct mc_stacks *stacks, unsigned long start, unsigned long end)
{
	unsigned int low = 0, high = stacks->count;

	/* The first one in the range or above it. */
	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (stacks->pointers[middle] < start)
			low = middle + 1;
		else
			high = middle;
	}
	if (start >= stacks->floor) {
		if (low < stacks->count)
			return stacks->pointers[low] < end;
		if (end <= stacks->limit)
			return 0;
	}
	stacks->floor = start;
	return -EAGAIN;
}
