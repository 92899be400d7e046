// SPDX-License-Identifier: GPL-2.0
/*
 * What readers get: one walk, made into the records that uapi/memclass.h describes.
 */
#include "record.h"

#include <linux/cred.h>
#include <linux/error-injection.h>
#include <linux/kdev_t.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "vma.h"

#define CHEAP	1
#define FULL	0

static u64 columns(bool cheap)
{
	u64 bits = 0;

#define BIT_OF(field, tier, text) \
	if ((tier) == CHEAP || !cheap) \
		bits |= BIT_ULL(MEMCLASS_COLUMN_##field);
	MEMCLASS_COLUMNS(BIT_OF)
#undef BIT_OF
	return bits;
}

static __always_inline int class_of_facts(const struct vm_area_struct *vma, bool stack)
{
	struct mc_class_facts facts;

	mc_vma_facts(vma, stack, &facts);
	return mc_class_of(&facts);
}

static noinline int class_of_shared(const struct vm_area_struct *vma, bool stack)
{
	return class_of_facts(vma, stack);
}

/*
 * Most mappings are private: for these the compiler leaves out what tells shared memory
 * apart.
 *
 * Return: a class; -EAGAIN when the threads' stacks must be looked for first.
 */
static __always_inline int class_of(const struct vm_area_struct *vma,
				    struct mc_stacks *stacks)
{
	int stack = 0;

	if (!vma->vm_ops)
		stack = mc_stacks_hit(stacks, vma->vm_start, vma->vm_end);
	if (stack < 0)
		return stack;
	if (vma->vm_flags & VM_MAYSHARE)
		return class_of_shared(vma, stack);
	return class_of_facts(vma, stack);
}

/* Columns are counted in place, in the record. */
static struct mc_stats *stats_in(struct memclass_counts *counts)
{
	return container_of(counts, struct mc_stats, counts);
}

static void process_prepare(struct mc_walk *walk)
{
	struct mc_process_reader *reader = container_of(walk, struct mc_process_reader, walk);

	mc_stacks_collect(&reader->stacks, walk->target->task);
}

static struct mc_stats *process_enter(struct mc_walk *walk, struct vm_area_struct *vma)
{
	struct mc_process_reader *reader = container_of(walk, struct mc_process_reader, walk);
	int class = class_of(vma, &reader->stacks);

	if (class < 0)
		return ERR_PTR(class);
	__set_bit(class, &reader->used);
	return stats_in(&reader->record.classes[class]);
}

static const struct mc_walk_ops process_ops = {
	.prepare = process_prepare,
	.enter = process_enter,
};

/* The compiler makes a loop of it, or a call, when it is told in fewer words. */
static __always_inline void counts_clear(struct memclass_counts *counts)
{
#define CLEAR(field, tier, text) counts->field = 0;
	MEMCLASS_COLUMNS(CLEAR)
#undef CLEAR
}

/* Nothing is between them, and nothing behind the last. */
static_assert(sizeof(struct memclass_counts) == MEMCLASS_NR_COLUMNS * sizeof(__u64));
static_assert(offsetof(struct memclass_record, classes) ==
	      offsetof(struct memclass_record, total) + sizeof(struct memclass_counts));

static void fill_identity(struct memclass_record *record, const struct mc_target *target)
{
	struct task_struct *task = target->task;

	record->size = sizeof(*record);
	record->abi = MEMCLASS_ABI;
	record->counts_offset = offsetof(struct memclass_record, total);
	record->counts_size = sizeof(struct memclass_counts);
	record->nr_classes = MEMCLASS_NR_CLASSES;
	record->flags = target->shared_mm ? MEMCLASS_SHARED_MM : 0;
	record->pid = target->pid;
	rcu_read_lock();
	/* The parent of a process that was waited for may be gone itself. */
	if (pid_alive(task))
		record->ppid = task_tgid_vnr(rcu_dereference(task->real_parent));
	record->uid = from_kuid_munged(current_user_ns(), __task_cred(task)->uid);
	rcu_read_unlock();
	record->threads = get_nr_threads(task);
	record->start_ns = task->start_boottime;
	record->page_tables = mm_pgtables_bytes(target->mm);
	/* Of a name that is just being changed, parts of both: the lock is not worth it. */
	memcpy(record->comm, task->comm, sizeof(record->comm));
}

static void fill_faults(struct mc_process_reader *reader, struct task_struct *task)
{
	struct memclass_record *record = &reader->record;
	struct memclass_faults *total = &record->faults_total;
	struct mc_faults *faults = &reader->faults;
	unsigned long left, before = faults->used;
	unsigned int class;

	*total = (struct memclass_faults) {};
	mc_faults_init(faults);
	record->faults_offset = offsetof(struct memclass_record, faults_total);
	record->faults_size = sizeof(struct memclass_faults);
	if (mc_fault_process(task, faults)) {
		record->flags |= MEMCLASS_FAULTS_ON;
		record->faults_dropped = faults->dropped_minor + faults->dropped_major;
	}
	/* Nothing is left of those of the process before. */
	left = before & ~faults->used;
	mc_for_each_class(class, left)
		record->faults[class] = (struct memclass_faults) {};
	left = faults->used;
	mc_for_each_class(class, left) {
		const struct memclass_faults from = faults->classes[class];

		record->faults[class] = from;
#define ADD(field, text) total->field += from.field;
		MEMCLASS_FAULTS(ADD)
#undef ADD
	}
}

/*
 * Walks a process and makes its record.
 *
 * Return: 0, -EINTR when the reader was killed, -ESRCH when the process ended, or
 * became another program, meanwhile.
 */
static int record_process(struct mc_process_reader *reader, struct mc_target *target,
			  bool cheap)
{
	struct memclass_record *record = &reader->record;
	unsigned long left = reader->used;
	unsigned int class;
	int ret;

	/* Most processes have few classes: empty those that were used last. */
	mc_for_each_class(class, left)
		counts_clear(&record->classes[class]);
	counts_clear(&record->total);
	memset(record, 0, offsetof(struct memclass_record, total));
	reader->used = 0;
	mc_stacks_init(&reader->stacks);

	mc_walk_start(&reader->walk, &process_ops, cheap, stats_in(&record->total));
	ret = mc_walk_mm(&reader->walk, target);
	if (ret)
		return ret;

	fill_identity(record, target);
	fill_faults(reader, target->task);
	if (mc_target_has_left(target))
		return -ESRCH;
	if (cheap)
		record->flags |= MEMCLASS_CHEAP;
	record->columns = columns(cheap);
	record->cost = reader->walk.cost;
	left = reader->used;
	mc_for_each_class(class, left)
		mc_stats_finish(stats_in(&record->classes[class]));
	mc_stats_finish(stats_in(&record->total));
	return 0;
}

/*
 * A process that becomes another program while it is walked is walked again; one
 * that does so all the time is passed over.
 */
#define TRIES	3

/**
 * mc_record_next() - the record of the first process from a pid on
 * @reader: gets it
 * @pid: in the reader's pid namespace
 * @cheap: only the columns that need no struct page
 *
 * Locking: none held; sleeps.
 * Return: 1, 0 when there is no such process, -EINTR when the reader was killed.
 */
int mc_record_next(struct mc_process_reader *reader, pid_t pid, bool cheap)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	struct mc_target target;
	unsigned int tries = 0;
	int ret;

	while (mc_target_next(ns, pid, &target)) {
		if (target.pid != pid)
			tries = 0;
		pid = target.pid;
		ret = record_process(reader, &target, cheap);
		mc_target_put(&target);
		if (ret != -ESRCH)
			return ret ?: 1;
		if (fatal_signal_pending(current))
			return -EINTR;
		if (++tries == TRIES) {
			tries = 0;
			pid++;
		}
	}
	return 0;
}
ALLOW_ERROR_INJECTION(mc_record_next, ERRNO);

/* The end of a path says more than its beginning. */
static void fill_name(struct memclass_vma *row, const char *name)
{
	size_t len = strlen(name), room = sizeof(row->name) - 1;

	if (len > room) {
		name += len - room;
		row->flags |= MEMCLASS_NAME_CUT;
	}
	strscpy(row->name, name, sizeof(row->name));
}

static void fill_backing(struct mc_vma_reader *reader, struct memclass_vma *row,
			 struct vm_area_struct *vma)
{
	const struct inode *inode;
	const char *name = NULL;

	if (vma->vm_file) {
		inode = mc_file_inode(vma->vm_file);
		row->inode = inode->i_ino;
		row->dev_major = MAJOR(inode->i_sb->s_dev);
		row->dev_minor = MINOR(inode->i_sb->s_dev);
		row->offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) + row->start - vma->vm_start;
		name = d_path(mc_file_path(vma->vm_file), reader->path,
			      sizeof(reader->path));
	} else if (vma->vm_ops && vma->vm_ops->name) {
		name = vma->vm_ops->name(vma);
	}
	if (!IS_ERR_OR_NULL(name))
		fill_name(row, name);
}

static void fill_vma(struct mc_vma_reader *reader, struct memclass_vma *row,
		     struct vm_area_struct *vma, enum memclass_class class)
{
	memset(row, 0, sizeof(*row));
	row->size = sizeof(*row);
	row->abi = MEMCLASS_ABI;
	row->counts_offset = offsetof(struct memclass_vma, counts);
	row->counts_size = sizeof(row->counts);
	row->class = class;
	row->flags = (reader->cheap ? MEMCLASS_CHEAP : 0) |
		     (reader->target->shared_mm ? MEMCLASS_SHARED_MM : 0);
	row->pid = reader->target->pid;
	row->ordinal = reader->ordinal++;
	row->start_ns = reader->target->task->start_boottime;
	row->columns = columns(reader->cheap);
	/* The part of it that was not walked already, as a part of another mapping. */
	row->start = max(vma->vm_start, reader->walk.addr);
	row->end = vma->vm_end;
	row->prot = (vma->vm_flags & VM_READ ? PROT_READ : 0) |
		    (vma->vm_flags & VM_WRITE ? PROT_WRITE : 0) |
		    (vma->vm_flags & VM_EXEC ? PROT_EXEC : 0);
	row->shared = !!(vma->vm_flags & VM_MAYSHARE);
	fill_backing(reader, row, vma);
}

/* Mappings are read a few at a time, but the stacks are not looked for each time. */
#define STACKS_NS	(100 * NSEC_PER_MSEC)

static void vma_prepare(struct mc_walk *walk)
{
	struct mc_vma_reader *reader = container_of(walk, struct mc_vma_reader, walk);

	u64 now = ktime_get_ns();

	if (!walk->cost.slices && now - reader->stacks_ns <= STACKS_NS)
		return;
	mc_stacks_collect(&reader->stacks, walk->target->task);
	reader->stacks_ns = now;
}

static struct mc_stats *vma_enter(struct mc_walk *walk, struct vm_area_struct *vma)
{
	struct mc_vma_reader *reader = container_of(walk, struct mc_vma_reader, walk);
	struct memclass_vma *row;
	int class;

	if (reader->count == reader->max)
		return NULL;
	class = class_of(vma, &reader->stacks);
	if (class < 0)
		return ERR_PTR(class);
	row = &reader->vmas[reader->count++];
	fill_vma(reader, row, vma, class);
	return stats_in(&row->counts);
}

static void vma_leave(struct mc_walk *walk)
{
	struct mc_vma_reader *reader = container_of(walk, struct mc_vma_reader, walk);
	struct memclass_vma *row = &reader->vmas[reader->count - 1];

	/* It may have changed before its end was reached. */
	row->end = min_t(u64, row->end, walk->addr);
	if (row->start >= row->end) {
		reader->count--;
		reader->ordinal--;
		return;
	}
	mc_stats_finish(stats_in(&row->counts));
}

static const struct mc_walk_ops vma_ops = {
	.prepare = vma_prepare,
	.enter = vma_enter,
	.leave = vma_leave,
};

/**
 * mc_record_vmas_start() - before the first mc_record_vmas() of a process
 * @reader: what is made ready
 * @target: the process
 * @cheap: only the columns that need no struct page
 * @ordinal: of the first mapping that is wanted
 */
void mc_record_vmas_start(struct mc_vma_reader *reader, struct mc_target *target,
			  bool cheap, u32 ordinal)
{
	mc_walk_start(&reader->walk, &vma_ops, cheap, &reader->total);
	mc_stacks_init(&reader->stacks);
	reader->stacks_ns = 0;
	reader->walk.skip = ordinal;
	reader->cheap = cheap;
	reader->ordinal = ordinal;
}

/**
 * mc_record_vmas() - walk the next mappings of a process
 * @reader: gets them
 * @target: the process; its references need not be those of an earlier call
 * @max: how many are wanted, MC_VMA_BATCH at most
 *
 * Goes on by address from where the last call ended. @reader->complete tells whether
 * there is nothing more.
 *
 * Locking: none held; sleeps.
 * Return: how many there are, none or more; -EINTR when the reader was killed, -ESRCH
 * when the process ended meanwhile.
 */
int mc_record_vmas(struct mc_vma_reader *reader, struct mc_target *target,
		   unsigned int max)
{
	int ret;

	reader->target = target;
	reader->max = max;
	reader->count = 0;
	ret = mc_walk_mm(&reader->walk, target);
	if (ret < 0)
		return ret;
	reader->complete = !ret;
	/* It is not known which of them took how much. */
	if (reader->count)
		reader->vmas[0].cost = reader->walk.cost;
	return reader->count;
}
ALLOW_ERROR_INJECTION(mc_record_vmas, ERRNO);
