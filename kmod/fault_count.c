// SPDX-License-Identifier: GPL-2.0
/*
 * Which kind of memory a task's page faults hit.
 *
 * The hook tells that a task is about to handle a fault of some kind, not what becomes
 * of it: it may be retried or fail. But the task's own min_flt and maj_flt tell, by the
 * kernel's own rule: what they have grown by when the task comes with a fault of another
 * kind was all of the kind before. So as long as the kind stays the same there is
 * nothing to do, and every fault that the kernel counts is counted once.
 *
 * Each thread has counters of its own, which only itself writes, without a lock. They
 * are added to its process's when the task is freed, the first moment at which it
 * certainly has no more faults. A process is known by its signal_struct, which stays the
 * same when another thread than the leader execs.
 *
 * Lock order: process->lock, table_lock. Interrupts are off under both: tasks are freed
 * by RCU's callbacks.
 */
#include "fault_count.h"

#include "compat.h"

#include <linux/hash.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>

#include "vma.h"

/* A class, and how it was accessed: of all flags, those that tell it. */
#define KIND_FLAGS	(FAULT_FLAG_WRITE | FAULT_FLAG_INSTRUCTION | FAULT_FLAG_REMOTE)
#define KIND_CLASS	16

struct fault_process {
	struct hlist_node node;		/* by signal */
	const struct signal_struct *signal;
	unsigned int refs;		/* its threads below, and 1 until its leader is freed */
	struct rcu_head rcu;

	struct mutex reading;		/* one reader at a time */

	raw_spinlock_t lock;		/* of all below */
	unsigned int programs;		/* that it has been, exec by exec */
	struct list_head threads;
	struct mc_faults sum;		/* of the threads that were freed */
	/* The reader, who lets go of the lock now and then. */
	struct list_head place;		/* among the threads */
	unsigned int round;
	struct mc_faults *read;		/* gets the faults, or NULL */
	bool read_all;			/* those of former programs as well */
};

/* The mapping that a thread's last fault hit. */
struct known_mapping {
	const struct vm_area_struct *vma;	/* only to compare; NULL: look again */
	unsigned long start, end, flags;
	const struct vm_operations_struct *ops;
	unsigned int class;			/* as in a kind */
};

struct fault_thread {
	struct hlist_node node;		/* by task */
	const struct task_struct *task;
	struct list_head siblings;
	struct fault_process *process;
	unsigned int program;		/* its process's, when it came */
	unsigned int round;		/* in which it was read last */

	/* Written by the task itself, in faults. */
	struct known_mapping known;
	unsigned int kind;		/* of the last fault */
	unsigned long hits;		/* that the hook saw of it */
	seqcount_t settling;
	unsigned long minor, major;	/* the task's, as far as they are in sum */
	struct mc_faults sum;
	struct rcu_head rcu;
};

const size_t mc_fault_process_bytes = sizeof(struct fault_process);
const size_t mc_fault_thread_bytes = sizeof(struct fault_thread);

#define TABLE_BITS	14

struct table {
	struct hlist_head buckets[1 << TABLE_BITS];
};

static struct table *threads_table, *processes_table;
static struct kmem_cache *threads_cache, *processes_cache;
static DEFINE_RAW_SPINLOCK(table_lock);

/* Under table_lock. */
static struct mc_faults gone;		/* of what no longer has an entry */
static unsigned int threads_count, threads_max;

static u64 hooked_ns;			/* tasks that are younger have had a hook always */
static atomic64_t no_room;		/* faults of older ones that have no counters */

/* The task of which the first fault is waited for. */
static const struct task_struct *awaited;

static struct hlist_head *bucket(struct table *table, const void *key)
{
	return &table->buckets[hash_ptr(key, TABLE_BITS)];
}

static void kind_add(struct mc_faults *faults, unsigned int kind, u64 minor, u64 major)
{
	enum memclass_class class = kind >> KIND_CLASS;
	struct memclass_faults *sum = &faults->classes[class];

	__set_bit(class, &faults->used);
	if (kind & FAULT_FLAG_INSTRUCTION) {
		sum->minor_exec += minor;
		sum->major_exec += major;
	} else if (kind & FAULT_FLAG_WRITE) {
		sum->minor_write += minor;
		sum->major_write += major;
		if (mc_class_type(class) == MEMCLASS_TYPE_PRIVATE_FILE)
			sum->cow_faults += minor + major;
	} else {
		sum->minor_read += minor;
		sum->major_read += major;
	}
	if (kind & FAULT_FLAG_REMOTE)
		sum->remote_faults += minor + major;
}

static void faults_add(struct mc_faults *sum, const struct mc_faults *faults)
{
	unsigned int class;

	for_each_set_bit(class, &faults->used, MEMCLASS_NR_CLASSES) {
#define ADD(field, text) sum->classes[class].field += faults->classes[class].field;
		MEMCLASS_FAULTS(ADD)
#undef ADD
	}
	sum->used |= faults->used;
	sum->dropped_minor += faults->dropped_minor;
	sum->dropped_major += faults->dropped_major;
	sum->missed += faults->missed;
}

/* What a thread's faults have grown by since it settled. */
struct pending {
	unsigned int kind;
	unsigned long minor, major;
	unsigned long missed_minor, missed_major;
};

/*
 * All of it was of the kind that the hook saw last. The hook was called at least once
 * for each, more often for those that were retried. If the kernel counts more, it was
 * not called: others can turn off all of ftrace, or kprobes.
 */
static struct pending pending_of(const struct fault_thread *thread)
{
	struct pending pending = {
		.kind = READ_ONCE(thread->kind),
		.minor = READ_ONCE(thread->task->min_flt) - READ_ONCE(thread->minor),
		.major = READ_ONCE(thread->task->maj_flt) - READ_ONCE(thread->major),
	};
	unsigned long all = pending.minor + pending.major;
	unsigned long hits;

	/* Pairs with mc_fault_count(): a fault is seen before the kernel counts it. */
	smp_rmb();
	hits = READ_ONCE(thread->hits);
	if (unlikely(all > hits)) {
		unsigned long missed = all - hits;

		pending.missed_minor = min(pending.minor, missed);
		pending.missed_major = missed - pending.missed_minor;
		pending.minor -= pending.missed_minor;
		pending.major -= pending.missed_major;
	}
	return pending;
}

static void pending_add(struct mc_faults *sum, const struct pending *pending)
{
	if (pending->minor || pending->major)
		kind_add(sum, pending->kind, pending->minor, pending->major);
	sum->dropped_minor += pending->missed_minor;
	sum->dropped_major += pending->missed_major;
	sum->missed += pending->missed_minor + pending->missed_major;
}

/*
 * What was pending is done; faults of another kind follow. A reader may wait for the end
 * of this with the process's lock, so nothing that wants the lock may come in between.
 *
 * Locking: the thread is the running one and preemption is off, or its task has been
 * freed.
 */
static void thread_settle(struct fault_thread *thread, unsigned int kind)
{
	struct pending pending = pending_of(thread);
	unsigned long flags;

	local_irq_save(flags);
	raw_write_seqcount_begin(&thread->settling);
	pending_add(&thread->sum, &pending);
	WRITE_ONCE(thread->minor, thread->minor + pending.minor + pending.missed_minor);
	WRITE_ONCE(thread->major, thread->major + pending.major + pending.missed_major);
	WRITE_ONCE(thread->hits, 0);
	WRITE_ONCE(thread->kind, kind);
	raw_write_seqcount_end(&thread->settling);
	local_irq_restore(flags);
}

/*
 * Adds the faults of a thread that may be having some right now.
 *
 * Locking: its process's lock, so that the task is not freed.
 */
static void thread_read(const struct fault_thread *thread, struct mc_faults *sum)
{
	struct mc_faults copy;
	struct pending pending;
	unsigned int seq, class;

	do {
		seq = raw_read_seqcount_begin(&thread->settling);
		copy.used = thread->sum.used;
		for_each_set_bit(class, &copy.used, MEMCLASS_NR_CLASSES)
			copy.classes[class] = thread->sum.classes[class];
		copy.dropped_minor = thread->sum.dropped_minor;
		copy.dropped_major = thread->sum.dropped_major;
		copy.missed = thread->sum.missed;
		pending = pending_of(thread);
	} while (read_seqcount_retry(&thread->settling, seq));
	faults_add(sum, &copy);
	pending_add(sum, &pending);
}

/* Locking: preemption is off, or table_lock. */
static __always_inline struct fault_thread *thread_find(const struct task_struct *task)
{
	struct fault_thread *thread;

	hlist_for_each_entry_rcu_notrace(thread, bucket(threads_table, task), node)
		if (thread->task == task)
			return thread;
	return NULL;
}

/* Locking: RCU, or table_lock. */
static struct fault_process *process_find(const struct signal_struct *signal)
{
	struct fault_process *process;

	hlist_for_each_entry_rcu(process, bucket(processes_table, signal), node, true)
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
		hlist_add_head_rcu(&process->node, bucket(processes_table, signal));
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

static void process_put(struct fault_process *process, unsigned int refs)
{
	unsigned long flags;
	bool last;

	raw_spin_lock_irqsave(&table_lock, flags);
	process->refs -= refs;
	last = !process->refs;
	if (last) {
		hlist_del_rcu(&process->node);
		faults_add(&gone, &process->sum);
	}
	raw_spin_unlock_irqrestore(&table_lock, flags);
	if (last)
		call_rcu(&process->rcu, process_free);
}

static void thread_free(struct rcu_head *rcu)
{
	kmem_cache_free(threads_cache, container_of(rcu, struct fault_thread, rcu));
}

/* A task is young when it was made after the hook: all its faults should be known. */
static bool is_young(const struct task_struct *task)
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

/*
 * The first fault of the running task that the hook sees.
 *
 * Return: NULL when there is no room or no memory; its next fault tries again.
 */
static noinline struct fault_thread *thread_make(void)
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
	if (is_young(current)) {
		thread->sum.dropped_minor = thread->minor;
		thread->sum.dropped_major = thread->major;
	}

	raw_spin_lock_irqsave(&process->lock, flags);
	thread->program = process->programs;
	thread->round = process->round;
	list_add(&thread->siblings, &process->threads);
	raw_spin_lock(&table_lock);
	hlist_add_head_rcu(&thread->node, bucket(threads_table, current));
	raw_spin_unlock(&table_lock);
	raw_spin_unlock_irqrestore(&process->lock, flags);
	return thread;
}

/*
 * Faults come in rows that hit the same mapping, and then its class need not be found
 * out again. What is looked at here decides the class of a private mapping, but for two
 * things: where the program break is, which moves only together with the mapping's end;
 * and the stack pointer, so that a mapping that becomes a stack while it is faulted in is
 * still what it was. Of a shared mapping the file's kind decides, and files come and go.
 */
static __always_inline bool is_known(const struct known_mapping *known,
				     const struct vm_area_struct *vma, unsigned int flags)
{
	return known->vma == vma && known->start == vma->vm_start &&
	       known->end == vma->vm_end && known->flags == vma->vm_flags &&
	       known->ops == vma->vm_ops && !(flags & FAULT_FLAG_REMOTE);
}

static void know(struct known_mapping *known, const struct vm_area_struct *vma,
		 unsigned int flags)
{
	unsigned long sp = flags & FAULT_FLAG_REMOTE ? 0 : mc_current_user_sp();
	struct mc_class_facts facts;

	mc_vma_facts(vma, vma->vm_start <= sp && sp < vma->vm_end, &facts);
	known->class = mc_class_of(&facts) << KIND_CLASS;
	known->vma = vma->vm_flags & VM_MAYSHARE || flags & FAULT_FLAG_REMOTE ? NULL : vma;
	known->start = vma->vm_start;
	known->end = vma->vm_end;
	known->flags = vma->vm_flags;
	known->ops = vma->vm_ops;
}

/* A fault that is not like the last one of this thread. Locking: preemption is off. */
static noinline void notrace thread_turn(struct fault_thread *thread,
					 const struct vm_area_struct *vma,
					 unsigned int flags)
{
	unsigned int kind;

	if (!is_known(&thread->known, vma, flags))
		know(&thread->known, vma, flags);
	kind = thread->known.class | (flags & KIND_FLAGS);
	if (kind != thread->kind)
		thread_settle(thread, kind);
}

/*
 * The first fault of a thread.
 *
 * With real-time preemption memory can be had only where preemption is possible, and it
 * is not where ftrace calls several. Then a later fault has to be the first.
 */
static noinline void notrace count_first(const struct vm_area_struct *vma,
					 unsigned int flags)
{
	struct fault_thread *thread = NULL;

	if (unlikely(current == READ_ONCE(awaited)))
		WRITE_ONCE(awaited, NULL);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT) || preemptible())
		thread = thread_make();
	if (!thread) {
		if (!is_young(current))
			atomic64_inc(&no_room);
		return;
	}
	preempt_disable_notrace();
	thread_turn(thread, vma, flags);
	WRITE_ONCE(thread->hits, 1);
	preempt_enable_notrace();
}

/**
 * mc_fault_count() - the running task begins to handle a page fault
 * @vma: the mapping that it hit
 * @flags: FAULT_FLAG_*
 *
 * A stack is known by the stack pointer of the task that faults: a thread's stack is
 * just "anon" as long as only others touch it.
 *
 * Where the program break and the stack begin is read as it is: only mmap_lock would
 * keep it from changing, and a fault may hold just the mapping's.
 *
 * Locking: vma's, or mmap_lock; may not sleep.
 */
void notrace mc_fault_count(const struct vm_area_struct *vma, unsigned int flags)
{
	struct fault_thread *thread;

	/* While entries of other tasks are passed, and while it settles. */
	preempt_disable_notrace();
	thread = thread_find(current);
	if (likely(thread)) {
		if (unlikely(!is_known(&thread->known, vma, flags) ||
			     (thread->known.class | (flags & KIND_FLAGS)) != thread->kind))
			thread_turn(thread, vma, flags);
		WRITE_ONCE(thread->hits, thread->hits + 1);
		/* Before the kernel counts it; pairs with pending_of(). */
		smp_wmb();
		preempt_enable_notrace();
	} else {
		preempt_enable_notrace();
		count_first(vma, flags);
	}
}

/* Locking: the task is not freed meanwhile. */
static bool has_counters(const struct task_struct *task)
{
	bool has;

	preempt_disable();
	has = thread_find(task);
	preempt_enable();
	return has;
}

/**
 * mc_fault_count_await() - from now on look for a fault of the running task
 */
void mc_fault_count_await(void)
{
	WRITE_ONCE(awaited, current);
}

/**
 * mc_fault_count_saw() - did the hook see a fault of the running task?
 */
bool mc_fault_count_saw(void)
{
	return xchg(&awaited, NULL) != current || has_counters(current);
}

/* Of a task without counters all faults are dropped, as far as counting goes back. */
static void drop_faults(const struct task_struct *task, struct mc_faults *sum)
{
	if (!is_young(task))
		return;
	sum->dropped_minor += READ_ONCE(task->min_flt);
	sum->dropped_major += READ_ONCE(task->maj_flt);
}

/* A process that has counters, with a reference for the caller, or NULL. */
static struct fault_process *process_hold(const struct signal_struct *signal)
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

	thread_settle(thread, thread->kind);
	raw_spin_lock(&table_lock);
	hlist_del_rcu(&thread->node);
	threads_count--;
	if (former)
		faults_add(&gone, &thread->sum);
	raw_spin_unlock(&table_lock);
	if (!former)
		faults_add(&process->sum, &thread->sum);
	if (process->read && thread->round != process->round &&
	    (process->read_all || !former))
		faults_add(process->read, &thread->sum);
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
	thread = thread_find(task);
	preempt_enable();
	/* It stays for the reference that this task has to it. */
	process = thread ? thread->process : process_hold(task->signal);
	if (process) {
		raw_spin_lock_irqsave(&process->lock, flags);
		if (thread)
			thread_fold(thread);
		else
			drop_faults(task, &process->sum);
		raw_spin_unlock_irqrestore(&process->lock, flags);
		if (thread)
			call_rcu(&thread->rcu, thread_free);
		process_put(process, 1 + leader);
	} else {
		raw_spin_lock_irqsave(&table_lock, flags);
		drop_faults(task, &gone);
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
	thread = thread_find(task);
	if (thread)
		thread_settle(thread, thread->kind);
	process->programs++;
	raw_spin_lock(&table_lock);
	faults_add(&gone, &process->sum);
	if (thread)
		faults_add(&gone, &thread->sum);
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
	faults_add(faults, &process->sum);
	list_add(&process->place, &process->threads);
	while (!list_is_last(&process->place, &process->threads)) {
		thread = list_entry(process->place.next, struct fault_thread, siblings);
		thread->round = process->round;
		if (all || thread->program == process->programs)
			thread_read(thread, faults);
		list_move(&process->place, &thread->siblings);
		if (--budget)
			continue;
		raw_spin_unlock_irqrestore(&process->lock, flags);
		cond_resched();
		budget = THREADS_AT_ONCE;
		raw_spin_lock_irqsave(&process->lock, flags);
	}
	list_del(&process->place);
	process->read = NULL;
	same = process->programs == program;
	raw_spin_unlock_irqrestore(&process->lock, flags);
	mutex_unlock(&process->reading);
	return same;
}

/* Of a process without counters: since it was forked, as far as that can be known. */
static void drop_process(struct task_struct *task, struct mc_faults *faults)
{
	if (!is_young(task->group_leader))
		return;
	/* Of the threads that have ended. */
	faults->dropped_minor += READ_ONCE(task->signal->min_flt);
	faults->dropped_major += READ_ONCE(task->signal->maj_flt);
}

/**
 * mc_fault_count_process() - a process's faults
 * @task: one of its threads; the caller has a reference
 * @faults: gets them; must be empty
 *
 * Of a process that has had none since counting began there is nothing to tell. One
 * without counters has had its faults dropped, since it was forked: when it became
 * another program is not known.
 *
 * Locking: counting is not stopped meanwhile; sleeps.
 */
void mc_fault_count_process(struct task_struct *task, struct mc_faults *faults)
{
	struct fault_process *process = process_hold(task->signal);
	struct task_struct *sibling;

	if (process) {
		while (!process_read(process, false, faults) && !fatal_signal_pending(current))
			memset(faults, 0, sizeof(*faults));
		process_put(process, 1);
	}
	rcu_read_lock();
	if (!process)
		drop_process(task, faults);
	for_each_thread(task, sibling)
		if (!has_counters(sibling))
			drop_faults(sibling, faults);
	rcu_read_unlock();
}

/* What was shown last, so that no count ever goes back. */
static DEFINE_MUTEX(shown_lock);
static struct mc_faults shown;

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

/* Puts @process, and gets the next one of the bucket; NULL at both ends. */
static struct fault_process *process_next(struct hlist_head *bucket,
					  struct fault_process *process)
{
	struct fault_process *next;
	unsigned long flags;

	raw_spin_lock_irqsave(&table_lock, flags);
	next = hlist_entry_safe(process ? process->node.next : bucket->first,
				struct fault_process, node);
	if (next)
		next->refs++;
	raw_spin_unlock_irqrestore(&table_lock, flags);
	if (process)
		process_put(process, 1);
	return next;
}

/**
 * mc_fault_count_all() - the faults of all processes, also those that have ended
 * @faults: gets them; must be empty
 *
 * What has ended is read first: of a process that ends meanwhile, nothing is seen for
 * once, and nothing is seen twice.
 *
 * Locking: counting is not stopped meanwhile; sleeps.
 */
void mc_fault_count_all(struct mc_faults *faults)
{
	struct fault_process *process = NULL;
	struct task_struct *leader, *task;
	unsigned long flags;
	unsigned int i;

	mutex_lock(&shown_lock);
	raw_spin_lock_irqsave(&table_lock, flags);
	faults_add(faults, &gone);
	raw_spin_unlock_irqrestore(&table_lock, flags);
	faults->dropped_minor += atomic64_read(&no_room);
	for (i = 0; i < ARRAY_SIZE(processes_table->buckets); i++) {
		/* Most are: no lock for them. */
		if (hlist_empty(&processes_table->buckets[i]))
			continue;
		while ((process = process_next(&processes_table->buckets[i], process)))
			process_read(process, true, faults);
		cond_resched();
	}
	rcu_read_lock();
	for_each_process_thread(leader, task)
		if (!has_counters(task))
			drop_faults(task, faults);
	rcu_read_unlock();
	show_at_least(faults);
	mutex_unlock(&shown_lock);
}

/**
 * mc_fault_count_threads() - how many threads have counters
 */
unsigned int mc_fault_count_threads(void)
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
	kvfree(threads_table);
	kvfree(processes_table);
	kmem_cache_destroy(threads_cache);
	kmem_cache_destroy(processes_cache);
	threads_table = NULL;
	processes_table = NULL;
	threads_cache = NULL;
	processes_cache = NULL;
}

/**
 * mc_fault_count_start() - make ready for the hook
 * @max: threads to keep counters for; faults of others are dropped
 *
 * Locking: none; sleeps. The caller sees to it that nobody reads.
 * Return: 0 or an error.
 */
int mc_fault_count_start(unsigned int max)
{
	int ret = -ENOMEM;

	memset(&gone, 0, sizeof(gone));
	memset(&shown, 0, sizeof(shown));
	threads_count = 0;
	threads_max = max;
	WRITE_ONCE(hooked_ns, 0);
	atomic64_set(&no_room, 0);

	threads_table = kvzalloc(sizeof(*threads_table), GFP_KERNEL);
	processes_table = kvzalloc(sizeof(*processes_table), GFP_KERNEL);
	threads_cache = kmem_cache_create("memclass_fault_thread",
					  sizeof(struct fault_thread), 0, 0, NULL);
	processes_cache = kmem_cache_create("memclass_fault_process",
					    sizeof(struct fault_process), 0, 0, NULL);
	if (threads_table && processes_table && threads_cache && processes_cache)
		ret = events_start();
	if (ret)
		tables_free();
	return ret;
}

/**
 * mc_fault_count_hooked() - from now on the hook sees every fault
 */
void mc_fault_count_hooked(void)
{
	WRITE_ONCE(hooked_ns, ktime_get_ns());
}

/**
 * mc_fault_count_stop() - forget everything
 *
 * Locking: none; sleeps. The hook is detached, and nobody reads.
 */
void mc_fault_count_stop(void)
{
	struct fault_process *process;
	struct fault_thread *thread;
	struct hlist_node *next;
	unsigned int i;

	events_stop();
	/* Those that were freed by then, but not yet by RCU. */
	rcu_barrier();
	for (i = 0; i < ARRAY_SIZE(threads_table->buckets); i++) {
		hlist_for_each_entry_safe(thread, next, &threads_table->buckets[i], node)
			kmem_cache_free(threads_cache, thread);
		hlist_for_each_entry_safe(process, next, &processes_table->buckets[i], node)
			kmem_cache_free(processes_cache, process);
		cond_resched();
	}
	tables_free();
}
