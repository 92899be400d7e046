// SPDX-License-Identifier: GPL-2.0
/*
 * From the module's binary records to plain structs. memclass.h says what is in them,
 * and how those of an older or newer module of the same ABI are to be read. Pure:
 * nothing is read, nothing is said; what is wrong is returned.
 */
#include "records.h"

#include <stdlib.h>
#include <string.h>

/*
 * Is there a record of @size bytes in the first @left ones of @record, and is it in one
 * piece? Its ABI is the caller's to look at.
 */
const char *record_check(const unsigned char *record, size_t left, size_t size,
			 size_t head_min)
{
	struct record_head head;

	if (left < sizeof(head))
		return "malformed record: cut off";
	memcpy(&head, record, sizeof(head));
	if (head.size != size)
		return "malformed record: not of the size that the module tells";
	if (head.size > left)
		return "malformed record: cut off";
	if (head.counts_offset < head_min || head.counts_offset > head.size)
		return "malformed record: counts_offset";
	if (head.counts_size < sizeof(__u64) ||
	    head.counts_size > head.size - head.counts_offset)
		return "malformed record: counts_size";
	return NULL;
}

static void decode_counts(const unsigned char *from, size_t counts_size, uint64_t columns,
			  struct counts *counts)
{
	size_t nr = counts_size / sizeof(__u64);

	if (nr > COUNTED_MAX)
		nr = COUNTED_MAX;
	memcpy(counts->values, from, nr * sizeof(__u64));
	/* What comes after these is only looked at where it is filled. */
	if (nr < MEMCLASS_NR_COLUMNS)
		memset(counts->values + nr, 0, (MEMCLASS_NR_COLUMNS - nr) * sizeof(__u64));
	counts->filled = columns & (~0ULL >> (COUNTED_MAX - nr));
	counts->faults_filled = 0;
	counts->faults_off = false;
	memset(counts->faults, 0, sizeof(counts->faults));
}

/* Each byte is that before it, and the first one is none. */
static bool is_empty(const unsigned char *from, size_t size)
{
	return !*from && !memcmp(from, from + 1, size - 1);
}

static void decode_cost(const struct memclass_cost *from, struct cost *cost)
{
	cost->walk_ns = from->walk_ns;
	cost->max_hold_ns = from->max_hold_ns;
	cost->slices = from->slices;
	cost->lock_drops = from->lock_drops;
	cost->changed = from->changed;
}

/* @size is that of @from, which need not be terminated; @to has room for one more. */
static void decode_string(const char *from, size_t size, char *to)
{
	size_t length = strnlen(from, size);

	memcpy(to, from, length);
	to[length] = '\0';
}

/* Where a record has its page faults, those of all classes first. */
struct fault_part {
	const unsigned char *from;	/* NULL: an older module, it has none */
	size_t size;			/* of each */
	bool on;
};

static void decode_faults(const struct fault_part *part, size_t index, struct counts *counts)
{
	size_t nr = part->size / sizeof(__u64);
	const unsigned char *from;

	if (!part->from)
		return;
	counts->faults_off = !part->on;
	if (!part->on)
		return;
	from = part->from + index * part->size;
	if (nr >= NR_FAULT_COLUMNS) {
		nr = NR_FAULT_COLUMNS;
		memcpy(counts->faults, from, sizeof(counts->faults));
	} else {
		memcpy(counts->faults, from, nr * sizeof(__u64));
	}
	counts->faults_filled = (1ULL << nr) - 1;
}

static bool has_faults(const struct fault_part *part, size_t index)
{
	return part->from && part->on && !is_empty(part->from + index * part->size, part->size);
}

/* Return: NULL, also when there are none, or what is wrong. */
static const char *find_faults(const unsigned char *record,
			       const struct memclass_record *head, struct fault_part *part)
{
	memset(part, 0, sizeof(*part));
	if (!head->faults_size)
		return NULL;
	if (head->faults_size < sizeof(__u64) || head->faults_offset < RECORD_HEAD_MIN ||
	    head->faults_offset > head->size ||
	    (head->size - head->faults_offset) / head->faults_size < head->nr_classes + 1ULL)
		return "malformed record: faults_offset";
	part->from = record + head->faults_offset;
	part->size = head->faults_size;
	part->on = head->flags & MEMCLASS_FAULTS_ON;
	return NULL;
}

/* Most processes have so many, at most. */
#define CLASSES_AT_FIRST	8

/* Room is made for twice as many whenever it is used up. Return: NULL, out of memory. */
static struct class_counts *add_class(struct process *process)
{
	size_t nr = process->nr_classes, room = 0;
	struct class_counts *more = process->classes;

	if (!nr)
		room = CLASSES_AT_FIRST;
	else if (nr >= CLASSES_AT_FIRST && !(nr & (nr - 1)))
		room = 2 * nr;
	if (room)
		more = reallocarray(more, room, sizeof(*more));
	if (!more)
		return NULL;
	process->classes = more;
	return &more[process->nr_classes++];
}

static const char *decode_classes(const struct memclass_record *head,
				  const unsigned char *counts,
				  const struct fault_part *faults, struct process *process)
{
	struct class_counts *class;
	__u32 i;

	for (i = 0; i < head->nr_classes; i++) {
		const unsigned char *from = counts + i * head->counts_size;

		/* What is no longer mapped can have had faults. */
		if (is_empty(from, head->counts_size) && !has_faults(faults, 1 + i))
			continue;
		class = add_class(process);
		if (!class) {
			free(process->classes);
			process->classes = NULL;
			return "out of memory";
		}
		class->class = i;
		decode_counts(from, head->counts_size, head->columns, &class->counts);
		decode_faults(faults, 1 + i, &class->counts);
	}
	return NULL;
}

/* A record that record_check() found right; process_free() ends what begins here. */
const char *record_decode_process(const unsigned char *record, struct process *process)
{
	struct fault_part faults;
	const unsigned char *counts;
	const char *wrong;
	struct memclass_record head;	/* no more of it than the head */
	size_t head_size;
	__u32 end;

	memset(process, 0, sizeof(*process));
	memset(&head, 0, offsetof(struct memclass_record, total));
	memcpy(&head, record, RECORD_HEAD_MIN);
	/* What an older module does not have is 0. */
	head_size = offsetof(struct memclass_record, total);
	if (head_size > head.counts_offset)
		head_size = head.counts_offset;
	memcpy(&head, record, head_size);
	counts = record + head.counts_offset;
	wrong = find_faults(record, &head, &faults);
	if (wrong)
		return wrong;
	/* Faults come after the counts. */
	end = faults.from ? head.faults_offset : head.size;
	if (end < head.counts_offset ||
	    (end - head.counts_offset) / head.counts_size < head.nr_classes + 1ULL)
		return "malformed record: nr_classes";

	process->pid = head.pid;
	process->ppid = head.ppid;
	process->uid = head.uid;
	process->threads = head.threads;
	process->start_ns = head.start_ns;
	process->page_tables = head.page_tables;
	process->shared_mm = head.flags & MEMCLASS_SHARED_MM;
	process->cheap = head.flags & MEMCLASS_CHEAP;
	decode_cost(&head.cost, &process->cost);
	decode_string(head.comm, sizeof(head.comm), process->comm);
	process->faults_dropped = head.faults_dropped;
	decode_counts(counts, head.counts_size, head.columns, &process->total);
	decode_faults(&faults, 0, &process->total);
	return decode_classes(&head, counts + head.counts_size, &faults, process);
}

void record_decode_vma(const unsigned char *record, struct vma *vma)
{
	struct memclass_vma head;

	memset(vma, 0, sizeof(*vma));
	memcpy(&head, record, VMA_HEAD_MIN);
	vma->pid = head.pid;
	vma->ordinal = head.ordinal;
	vma->start_ns = head.start_ns;
	vma->start = head.start;
	vma->end = head.end;
	vma->offset = head.offset;
	vma->inode = head.inode;
	vma->dev_major = head.dev_major;
	vma->dev_minor = head.dev_minor;
	vma->prot = head.prot;
	vma->shared = head.shared;
	vma->cheap = head.flags & MEMCLASS_CHEAP;
	vma->name_cut = head.flags & MEMCLASS_NAME_CUT;
	vma->class = head.class;
	decode_cost(&head.cost, &vma->cost);
	decode_string(head.name, sizeof(head.name), vma->name);
	decode_counts(record + head.counts_offset, head.counts_size, head.columns,
		      &vma->counts);
}
