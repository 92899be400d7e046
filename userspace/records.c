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

	memset(counts, 0, sizeof(*counts));
	if (nr > COUNTED_MAX)
		nr = COUNTED_MAX;
	memcpy(counts->values, from, nr * sizeof(__u64));
	counts->filled = columns & (~0ULL >> (COUNTED_MAX - nr));
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

	if (nr > NR_FAULT_COLUMNS)
		nr = NR_FAULT_COLUMNS;
	if (!part->from)
		return;
	counts->faults_off = !part->on;
	if (!part->on)
		return;
	memcpy(counts->faults, part->from + index * part->size, nr * sizeof(__u64));
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

static const char *decode_classes(const struct memclass_record *head,
				  const unsigned char *counts,
				  const struct fault_part *faults, struct process *process)
{
	size_t nr = 0;
	__u32 i;

	for (i = 0; i < head->nr_classes; i++)
		nr += !is_empty(counts + i * head->counts_size, head->counts_size) ||
		      has_faults(faults, 1 + i);
	/* One more than needed, since nothing is what malloc() may return for 0. */
	process->classes = malloc((nr + 1) * sizeof(*process->classes));
	if (!process->classes)
		return "out of memory";
	for (i = 0; i < head->nr_classes; i++) {
		const unsigned char *from = counts + i * head->counts_size;

		/* What is no longer mapped can have had faults. */
		if (is_empty(from, head->counts_size) && !has_faults(faults, 1 + i))
			continue;
		process->classes[process->nr_classes].class = i;
		decode_counts(from, head->counts_size, head->columns,
			      &process->classes[process->nr_classes].counts);
		decode_faults(faults, 1 + i, &process->classes[process->nr_classes].counts);
		process->nr_classes++;
	}
	return NULL;
}

/* A record that record_check() found right; process_free() ends what begins here. */
const char *record_decode_process(const unsigned char *record, struct process *process)
{
	struct fault_part faults;
	const unsigned char *counts;
	const char *wrong;
	struct memclass_record head = { 0 };
	size_t head_size;
	__u32 end;

	memset(process, 0, sizeof(*process));
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
