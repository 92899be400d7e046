// SPDX-License-Identifier: GPL-2.0
/*
 * Which kind of memory a task's page faults hit.
 *
 * The hook tells that a task is about to handle a fault of some kind, not what becomes
 * of it: it may be retried or fail. But the task's own min_flt and maj_flt tell, by the
 * kernel's own rule: what they have grown by when the task comes with a fault of another
 * kind was all of the kind before. So as long as the kind stays the same there is
 * nothing to do, and every fault that the kernel counts is counted once.
 */
#include "fault_table.h"

#include "compat.h"

#include <linux/mm.h>

#include "vma.h"

/* A class, and how it was accessed: of all flags, those that tell it. */
#define KIND_FLAGS	(FAULT_FLAG_WRITE | FAULT_FLAG_INSTRUCTION | FAULT_FLAG_REMOTE)
#define KIND_CLASS	16

/* The task of which the first fault is waited for. */
static const struct task_struct *awaited;

static void kind_add(struct mc_faults *faults, unsigned int kind, u64 minor, u64 major)
{
	enum memclass_class class = kind >> KIND_CLASS;
	struct memclass_faults *sum = mc_faults_of(faults, class);

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

/**
 * mc_faults_add() - add all faults
 * @sum: gets the sum
 * @faults: what is added
 */
void mc_faults_add(struct mc_faults *sum, const struct mc_faults *faults)
{
	unsigned long left = faults->used;
	unsigned int class;

	mc_for_each_class(class, left) {
		const struct memclass_faults *from = &faults->classes[class];
		struct memclass_faults *to = mc_faults_of(sum, class);

#define ADD(field, text) to->field += from->field;
		MEMCLASS_FAULTS(ADD)
#undef ADD
	}
	sum->dropped_minor += faults->dropped_minor;
	sum->dropped_major += faults->dropped_major;
	sum->missed += faults->missed;
}

/**
 * mc_fault_pending() - what a thread's faults have grown by since it settled
 * @thread: the thread
 *
 * All of it was of the kind that the hook saw last. The hook was called at least once
 * for each, more often for those that were retried. If the kernel counts more, it was
 * not called: others can turn off all of ftrace, or kprobes.
 *
 * Locking: as mc_fault_settle(), or a reader's of thread->settling.
 */
struct fault_pending mc_fault_pending(const struct fault_thread *thread)
{
	struct fault_pending pending = {
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

/**
 * mc_faults_add_pending() - add what a thread's faults have grown by
 * @sum: gets the sum
 * @pending: what is added
 */
void mc_faults_add_pending(struct mc_faults *sum, const struct fault_pending *pending)
{
	if (pending->minor || pending->major)
		kind_add(sum, pending->kind, pending->minor, pending->major);
	sum->dropped_minor += pending->missed_minor;
	sum->dropped_major += pending->missed_major;
	sum->missed += pending->missed_minor + pending->missed_major;
}

/**
 * mc_fault_settle() - what was pending is done; faults of another kind follow
 * @thread: the thread
 * @kind: of these
 *
 * A reader may wait for the end of this with the process's lock, so nothing that wants
 * the lock may come in between.
 *
 * Locking: the thread is the running one and preemption is off, or its task has been
 * freed.
 */
void mc_fault_settle(struct fault_thread *thread, unsigned int kind)
{
	struct fault_pending pending = mc_fault_pending(thread);
	unsigned long flags;

	local_irq_save(flags);
	raw_write_seqcount_begin(&thread->settling);
	mc_faults_add_pending(&thread->sum, &pending);
	WRITE_ONCE(thread->minor, thread->minor + pending.minor + pending.missed_minor);
	WRITE_ONCE(thread->major, thread->major + pending.major + pending.missed_major);
	WRITE_ONCE(thread->hits, 0);
	WRITE_ONCE(thread->kind, kind);
	raw_write_seqcount_end(&thread->settling);
	local_irq_restore(flags);
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
		mc_fault_settle(thread, kind);
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
		thread = mc_fault_thread_make();
	if (!thread) {
		mc_fault_no_room();
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
	thread = mc_fault_thread_find(current);
	if (likely(thread)) {
		if (unlikely(!is_known(&thread->known, vma, flags) ||
			     (thread->known.class | (flags & KIND_FLAGS)) != thread->kind))
			thread_turn(thread, vma, flags);
		WRITE_ONCE(thread->hits, thread->hits + 1);
		/* Before the kernel counts it; pairs with mc_fault_pending(). */
		smp_wmb();
		preempt_enable_notrace();
	} else {
		preempt_enable_notrace();
		count_first(vma, flags);
	}
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
	return xchg(&awaited, NULL) != current || mc_fault_has_counters(current);
}
