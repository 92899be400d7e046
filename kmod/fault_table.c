// SPDX-License-Identifier: GPL-2.0
/*
 * The threads and processes that have counters of page faults: from the first fault
 * that is seen of them to their end.
 */
#include "fault_table.h"

#include "compat.h"

#include <linux/error-injection.h>
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>

const size_t mc_fault_process_bytes = sizeof(struct fault_process);
const size_t mc_fault_thread_bytes = sizeof(struct fault_thread);

struct mc_fault_hash *mc_fault_threads;
static struct mc_fault_hash *processes;
static struct kmem_cache *threads_cache, *processes_cache;
static DEFINE_RAW_SPINLOCK(table_lock);

/* Under table_lock. */
static struct mc_faults gone;		/* of what no longer has an entry */
static unsigned int threads_count, threads_max;

static u64 hooked_ns;			/* tasks that are younger have had a hook always */
static atomic64_t no_room;		/* faults of older ones that have no counters */

/* Locking: RCU, or table_lock. */
static struct fault_process *process_find(const struct signal_struct *signal)
{
	struct fault_process *process;

	hlist_for_each_entry_rcu(process, mc_fault_bucket(processes, signal), node, true)
		if (process->signal == signal)
			return process;
	return NULL;
}

/* Called in a fault, where nothing may wait and no memory be reclaimed. */
#define GFP_IN_FAULT	(GFP_NOWAIT | __GFP_NOWARN | __GFP_ZERO)

/*
 * The running task's process, made if it has none. It gets a reference for the caller.
 */
static struct fault_process *process_get(void)
{
	struct signal_struct *signal = current->signal;
	struct fault_process *process, *made = NULL;
	unsigned long flags;

again:
	raw_spin_lock_irqsave(&table_lock, flags);
	process = process_find(signal);
	if (!process && made) {
		process = made;
		made = NULL;
		hlist_add_head_rcu(&process->node, mc_fault_bucket(processes, signal));
	}
	if (process)
		process->refs++;
	raw_spin_unlock_irqrestore(&table_lock, flags);
	if (made)
		kmem_cache_free(processes_cache, made);
	if (process)
		return process;

	made = kmem_cache_alloc(processes_cache, GFP_IN_FAULT);
	if (!made)
		return NULL;
	made->signal = signal;
	made->refs = 1;		/* the leader's */
	mutex_init(&made->reading);
	raw_spin_lock_init(&made->lock);
	INIT_LIST_HEAD(&made->threads);
	goto again;
}

static void process_free(struct rcu_head *rcu)
{
	kmem_cache_free(processes_cache, container_of(rcu, struct fault_process, rcu));
}

/**
 * mc_fault_process_put() - give references back
 * @process: the process; it may be gone after
 * @refs: how many
 *
 * Locking: none.
 */
void mc_fault_process_put(struct fault_process *process, unsigned int refs)
{
	unsigned long flags;
	bool last;

	raw_spin_lock_irqsave(&table_lock, flags);
	process->refs -= refs;
	last = !process->refs;
	if (last) {
		hlist_del_rcu(&process->node);
		mc_faults_add(&gone, &process->sum);
	}
	raw_spin_unlock_irqrestore(&table_lock, flags);
	if (last)
		call_rcu(&process->rcu, process_free);
}

static void thread_free(struct rcu_head *rcu)
{
	kmem_cache_free(threads_cache, container_of(rcu, struct fault_thread, rcu));
}

/**
 * mc_fault_is_young() - was the task made after the hook?
 * @task: the task
 *
 * Then all its faults should be known.
 */
bool mc_fault_is_young(const struct task_struct *task)
{
	u64 since = READ_ONCE(hooked_ns);

	return since && task->start_time > since;
}

/* Room for one more thread? Then it is taken. */
static bool threads_take(void)
{
	unsigned long flags;
	bool room;

	raw_spin_lock_irqsave(&table_lock, flags);
	room = threads_count < threads_max;
	threads_count += room;
	raw_spin_unlock_irqrestore(&table_lock, flags);
	return room;
}

static void threads_give(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&table_lock, flags);
	threads_count--;
	raw_spin_unlock_irqrestore(&table_lock, flags);
}

/**
 * mc_fault_thread_make() - the first fault of the running task that the hook sees
 *
 * Locking: none; it must be possible to allocate memory.
 * Return: NULL when there is no room or no memory; its next fault tries again.
 */
struct fault_thread *mc_fault_thread_make(void)
{
	struct fault_process *process;
	struct fault_thread *thread;
	unsigned long flags;

	if (!threads_take())
		return NULL;
	thread = kmem_cache_alloc(threads_cache, GFP_IN_FAULT);
	process = thread ? process_get() : NULL;
	if (!process) {
		if (thread)
			kmem_cache_free(threads_cache, thread);
		threads_give();
		return NULL;
	}
	thread->task = current;
	thread->process = process;
	thread->minor = current->min_flt;
	thread->major = current->maj_flt;
	seqcount_init(&thread->settling);
	if (mc_fault_is_young(current)) {
		thread->sum.dropped_minor = thread->minor;
		thread->sum.dropped_major = thread->major;
	}

	raw_spin_lock_irqsave(&process->lock, flags);
	thread->program = process->programs;
	thread->round = process->round;
	list_add(&thread->siblings, &process->threads);
	raw_spin_lock(&table_lock);
	hlist_add_head_rcu(&thread->node, mc_fault_bucket(mc_fault_threads, current));
	raw_spin_unlock(&table_lock);
	raw_spin_unlock_irqrestore(&process->lock, flags);
	return thread;
}

/**
 * mc_fault_no_room() - the running task has a fault, and can have no counters
 */
void mc_fault_no_room(void)
{
	if (!mc_fault_is_young(current))
		atomic64_inc(&no_room);
}

/**
 * mc_fault_has_counters() - are a task's faults counted?
 * @task: the task
 *
 * Locking: the task is not freed meanwhile.
 */
bool mc_fault_has_counters(const struct task_struct *task)
{
	bool has;

	preempt_disable();
	has = mc_fault_thread_find(task);
	preempt_enable();
	return has;
}

/**
 * mc_fault_drop() - add the faults of a task without counters
 * @task: the task
 * @sum: where all are dropped ones, as far as counting goes back
 */
void mc_fault_drop(const struct task_struct *task, struct mc_faults *sum)
{
	if (!mc_fault_is_young(task))
		return;
	sum->dropped_minor += READ_ONCE(task->min_flt);
	sum->dropped_major += READ_ONCE(task->maj_flt);
}

/**
 * mc_fault_process_hold() - the counters of a process
 * @signal: the process's
 *
 * Locking: none.
 * Return: them, with a reference for the caller, or NULL.
 */
struct fault_process *mc_fault_process_hold(const struct signal_struct *signal)
{
	struct fault_process *process;
	unsigned long flags;

	raw_spin_lock_irqsave(&table_lock, flags);
	process = process_find(signal);
	if (process)
		process->refs++;
	raw_spin_unlock_irqrestore(&table_lock, flags);
	return process;
}

/*
 * Adds what a thread counted to where it belongs after its end, and to what the reader of
 * its process gets, who can no longer come to it.
 *
 * Locking: the process's.
 */
static void thread_fold(struct fault_thread *thread)
{
	struct fault_process *process = thread->process;
	bool former = thread->program != process->programs;

	mc_fault_settle(thread, thread->kind);
	raw_spin_lock(&table_lock);
	hlist_del_rcu(&thread->node);
	threads_count--;
	if (former)
		mc_faults_add(&gone, &thread->sum);
	raw_spin_unlock(&table_lock);
	if (!former)
		mc_faults_add(&process->sum, &thread->sum);
	if (process->read && thread->round != process->round &&
	    (process->read_all || !former))
		mc_faults_add(process->read, &thread->sum);
	list_del(&thread->siblings);
}

/*
 * Nothing will run as this task any more. The leader of a process is the last of its
 * threads to be released; but RCU's callbacks can come in any order.
 */
static void task_freed(void *unused, struct task_struct *task)
{
	bool leader = thread_group_leader(task);
	struct fault_process *process;
	struct fault_thread *thread;
	unsigned long flags;

	rcu_read_lock();
	preempt_disable();
	thread = mc_fault_thread_find(task);
	preempt_enable();
	/* It stays for the reference that this task has to it. */
	process = thread ? thread->process : mc_fault_process_hold(task->signal);
	if (process) {
		raw_spin_lock_irqsave(&process->lock, flags);
		if (thread)
			thread_fold(thread);
		else
			mc_fault_drop(task, &process->sum);
		raw_spin_unlock_irqrestore(&process->lock, flags);
		if (thread)
			call_rcu(&thread->rcu, thread_free);
		mc_fault_process_put(process, 1 + leader);
	} else {
		raw_spin_lock_irqsave(&table_lock, flags);
		mc_fault_drop(task, &gone);
		raw_spin_unlock_irqrestore(&table_lock, flags);
	}
	rcu_read_unlock();
}

/* The process is another program from now on: the one before is gone. */
static void task_execed(void *unused, struct task_struct *task, pid_t old_pid,
			struct linux_binprm *bprm)
{
	struct fault_process *process;
	struct fault_thread *thread;
	unsigned long flags;

	rcu_read_lock();
	process = process_find(task->signal);
	if (!process)
		goto out;
	raw_spin_lock_irqsave(&process->lock, flags);
	thread = mc_fault_thread_find(task);
	if (thread)
		mc_fault_settle(thread, thread->kind);
	process->programs++;
	raw_spin_lock(&table_lock);
	mc_faults_add(&gone, &process->sum);
	if (thread)
		mc_faults_add(&gone, &thread->sum);
	raw_spin_unlock(&table_lock);
	memset(&process->sum, 0, sizeof(process->sum));
	if (thread) {
		memset(&thread->sum, 0, sizeof(thread->sum));
		thread->known.vma = NULL;
		thread->program = process->programs;
	}
	raw_spin_unlock_irqrestore(&process->lock, flags);
out:
	rcu_read_unlock();
}

/**
 * mc_fault_process_next() - one process of a bucket after the other
 * @bucket: its number
 * @process: the one before, which is put, or NULL
 *
 * Locking: none.
 * Return: the next one, with a reference for the caller, or NULL.
 */
struct fault_process *mc_fault_process_next(unsigned int bucket,
					    struct fault_process *process)
{
	const struct hlist_head *head = &processes->buckets[bucket];
	struct fault_process *next;
	unsigned long flags;

	/* Most are empty: no lock for them. */
	if (!process && hlist_empty(head))
		return NULL;
	raw_spin_lock_irqsave(&table_lock, flags);
	next = hlist_entry_safe(process ? process->node.next : head->first,
				struct fault_process, node);
	if (next)
		next->refs++;
	raw_spin_unlock_irqrestore(&table_lock, flags);
	if (process)
		mc_fault_process_put(process, 1);
	return next;
}

/**
 * mc_fault_gone() - faults of what has no counters any more, or never had
 * @faults: gets them added
 *
 * Locking: none.
 */
void mc_fault_gone(struct mc_faults *faults)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&table_lock, flags);
	mc_faults_add(faults, &gone);
	raw_spin_unlock_irqrestore(&table_lock, flags);
	faults->dropped_minor += atomic64_read(&no_room);
}

/**
 * mc_fault_table_threads() - how many threads have counters
 */
unsigned int mc_fault_table_threads(void)
{
	return READ_ONCE(threads_count);
}

static struct {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
} events[] = {
	{ .name = "sched_process_free", .probe = task_freed },
	{ .name = "sched_process_exec", .probe = task_execed },
};

/* The tracepoints themselves are not exported. */
static void find_event(struct tracepoint *tracepoint, void *unused)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (!strcmp(tracepoint->name, events[i].name))
			events[i].tracepoint = tracepoint;
}

static void events_stop(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (events[i].tracepoint)
			tracepoint_probe_unregister(events[i].tracepoint, events[i].probe,
						    NULL);
		events[i].tracepoint = NULL;
	}
	tracepoint_synchronize_unregister();
}

static int events_start(void)
{
	int ret = 0;
	size_t i;

	for_each_kernel_tracepoint(find_event, NULL);
	for (i = 0; i < ARRAY_SIZE(events) && !ret; i++) {
		ret = -ENOENT;
		if (events[i].tracepoint)
			ret = tracepoint_probe_register(events[i].tracepoint,
							events[i].probe, NULL);
		if (ret)
			break;
	}
	if (ret) {
		/* Those that are not registered. */
		for (; i < ARRAY_SIZE(events); i++)
			events[i].tracepoint = NULL;
		events_stop();
	}
	return ret;
}

static void tables_free(void)
{
	kvfree(mc_fault_threads);
	kvfree(processes);
	kmem_cache_destroy(threads_cache);
	kmem_cache_destroy(processes_cache);
	mc_fault_threads = NULL;
	processes = NULL;
	threads_cache = NULL;
	processes_cache = NULL;
}

/**
 * mc_fault_table_start() - make ready for the hook
 * @max: threads to keep counters for; faults of others are dropped
 *
 * Locking: none; sleeps. The caller sees to it that nobody reads.
 * Return: 0 or an error.
 */
int mc_fault_table_start(unsigned int max)
{
	int ret = -ENOMEM;

	memset(&gone, 0, sizeof(gone));
	threads_count = 0;
	threads_max = max;
	WRITE_ONCE(hooked_ns, 0);
	atomic64_set(&no_room, 0);

	mc_fault_threads = kvzalloc(sizeof(*mc_fault_threads), GFP_KERNEL);
	processes = kvzalloc(sizeof(*processes), GFP_KERNEL);
	threads_cache = kmem_cache_create("memclass_fault_thread",
					  sizeof(struct fault_thread), 0, 0, NULL);
	processes_cache = kmem_cache_create("memclass_fault_process",
					    sizeof(struct fault_process), 0, 0, NULL);
	if (mc_fault_threads && processes && threads_cache && processes_cache)
		ret = events_start();
	if (ret)
		tables_free();
	return ret;
}
ALLOW_ERROR_INJECTION(mc_fault_table_start, ERRNO);

/**
 * mc_fault_table_hooked() - from now on the hook sees every fault
 */
void mc_fault_table_hooked(void)
{
	WRITE_ONCE(hooked_ns, ktime_get_ns());
}

/**
 * mc_fault_table_stop() - forget everything
 *
 * Locking: none; sleeps. The hook is detached, and nobody reads.
 */
void mc_fault_table_stop(void)
{
	struct fault_process *process;
	struct fault_thread *thread;
	struct hlist_node *next;
	unsigned int i;

	events_stop();
	/* Those that were freed by then, but not yet by RCU. */
	rcu_barrier();
	for (i = 0; i < ARRAY_SIZE(mc_fault_threads->buckets); i++) {
		hlist_for_each_entry_safe(thread, next, &mc_fault_threads->buckets[i], node)
			kmem_cache_free(threads_cache, thread);
		hlist_for_each_entry_safe(process, next, &processes->buckets[i], node)
			kmem_cache_free(processes_cache, process);
		cond_resched();
	}
	tables_free();
}
