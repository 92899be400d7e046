/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The threads and processes that have counters of page faults: what counting, reading
 * and the end of a task share. Nobody else needs it.
 *
 * Each thread has counters of its own, which only itself writes, without a lock. They
 * are added to its process's when the task is freed, the first moment at which it
 * certainly has no more faults. A process is known by its signal_struct, which stays the
 * same when another thread than the leader execs.
 *
 * Lock order: process->lock, that of the table. Interrupts are off under both: tasks
 * are freed by RCU's callbacks.
 */
#ifndef MC_FAULT_TABLE_H
#define MC_FAULT_TABLE_H

#include "fault_count.h"

#include <linux/hash.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>

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

/* What a thread's faults have grown by since it settled. */
struct fault_pending {
	unsigned int kind;
	unsigned long minor, major;
	unsigned long missed_minor, missed_major;
};

struct fault_pending mc_fault_pending(const struct fault_thread *thread);
void mc_faults_add_pending(struct mc_faults *sum, const struct fault_pending *pending);
void mc_faults_add(struct mc_faults *sum, const struct mc_faults *faults);
void mc_fault_settle(struct fault_thread *thread, unsigned int kind);

#define MC_FAULT_HASH_BITS	14
#define MC_FAULT_BUCKETS	(1 << MC_FAULT_HASH_BITS)

struct mc_fault_hash {
	struct hlist_head buckets[MC_FAULT_BUCKETS];
};

extern struct mc_fault_hash *mc_fault_threads;

static inline struct hlist_head *mc_fault_bucket(struct mc_fault_hash *hash,
						 const void *key)
{
	return &hash->buckets[hash_ptr(key, MC_FAULT_HASH_BITS)];
}

/* Locking: preemption is off, or the lock of the table. */
static __always_inline struct fault_thread *
mc_fault_thread_find(const struct task_struct *task)
{
	struct hlist_head *bucket = mc_fault_bucket(mc_fault_threads, task);
	struct fault_thread *thread;

	hlist_for_each_entry_rcu_notrace(thread, bucket, node)
		if (thread->task == task)
			return thread;
	return NULL;
}

struct fault_thread *mc_fault_thread_make(void);
bool mc_fault_has_counters(const struct task_struct *task);
void mc_fault_no_room(void);
bool mc_fault_is_young(const struct task_struct *task);
void mc_fault_drop(const struct task_struct *task, struct mc_faults *sum);

struct fault_process *mc_fault_process_hold(const struct signal_struct *signal);
void mc_fault_process_put(struct fault_process *process, unsigned int refs);
struct fault_process *mc_fault_process_next(unsigned int bucket,
					    struct fault_process *process);
void mc_fault_gone(struct mc_faults *faults);

int mc_fault_table_start(unsigned int threads_max);
void mc_fault_table_hooked(void);
void mc_fault_table_stop(void);
unsigned int mc_fault_table_threads(void);

#endif /* MC_FAULT_TABLE_H */
