// SPDX-License-Identifier: GPL-2.0
#include "subject.h"

#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "say.h"

/*
 * From counts to figures.
 */

#define CLASS(class)	(1U << MEMCLASS_CLASS_##class)
#define TAKEN		(COLUMN_BIT(rss) | COLUMN_BIT(swap))
#define HUGE_PAGES	(COLUMN_BIT(hugetlb_private) | COLUMN_BIT(hugetlb_shared))
#define DIRTY		(COLUMN_BIT(private_dirty) | COLUMN_BIT(shared_dirty))

/* Which columns a class is measured by. What was lazily freed is as good as free. */
static const struct measure {
	unsigned int classes;
	uint64_t size;
	uint64_t less;			/* taken from the size, where it is known */
	uint64_t firm;
} measures[] = {
	{ CLASS(HEAP) | CLASS(STACK) | CLASS(TSTACK) | CLASS(BSS) | CLASS(ANON),
	  TAKEN, COLUMN_BIT(lazyfree), 0 },
	{ CLASS(TEXT) | CLASS(DATA) | CLASS(RODATA), TAKEN, 0, COLUMN_BIT(cow) | COLUMN_BIT(swap) },
	{ CLASS(FILE), COLUMN_BIT(rss), 0, DIRTY },
	{ CLASS(HUGETLB), HUGE_PAGES, 0, 0 },
	{ ~0U, TAKEN, 0, 0 },
};

static const struct measure *measure_of(unsigned int class)
{
	const struct measure *measure = measures;

	while (!(measure->classes & (1U << class)))
		measure++;
	return measure;
}

static uint64_t columns(const struct counts *counts, uint64_t wanted)
{
	uint64_t sum = 0;

	return wanted && !counts_get(counts, wanted, &sum) ? GROWTH_NOT_COUNTED : sum;
}

/* What is not counted once is not counted in the sum. */
static void add(uint64_t *sum, uint64_t value)
{
	if (*sum == GROWTH_NOT_COUNTED || value == GROWTH_NOT_COUNTED)
		*sum = GROWTH_NOT_COUNTED;
	else
		*sum += value;
}

/* Locked pages of a file cannot be dropped either. */
static uint64_t firm_of(unsigned int class, const struct counts *counts)
{
	uint64_t firm = columns(counts, measure_of(class)->firm), locked;

	if (class != MEMCLASS_CLASS_FILE || !counts_get(counts, COLUMN_BIT(locked), &locked))
		return firm;
	return locked > firm ? locked : firm;
}

static void take_class(struct growth_figures *figures, const struct class_counts *row)
{
	const struct measure *measure = measure_of(row->class);
	const struct counts *counts = &row->counts;
	uint64_t size = columns(counts, measure->size), less = 0, faults = 0;

	if (measure->less)
		counts_get(counts, measure->less, &less);
	if (size != GROWTH_NOT_COUNTED)
		size -= less < size ? less : size;
	add(&figures->values[GROWTH_SIZE], size);
	add(&figures->values[GROWTH_FIRM], firm_of(row->class, counts));
	add(&figures->values[GROWTH_VIRT], columns(counts, COLUMN_BIT(virt)));
	add(&figures->values[GROWTH_VMAS], columns(counts, COLUMN_BIT(vmas)));
	if (counts_get_faults(counts, MINOR_FAULTS | MAJOR_FAULTS, &faults))
		figures->faults += faults;
}

static void take_process(struct growth_sample *sample, const struct process *process)
{
	size_t i;

	for (i = 0; i < process->nr_classes; i++)
		if (process->classes[i].class < GROWTH_THREADS)
			take_class(&sample->rows[process->classes[i].class],
				   &process->classes[i]);
	sample->rows[GROWTH_THREADS].values[GROWTH_SIZE] += process->threads;
	sample->rows[GROWTH_PAGE_TABLES].values[GROWTH_SIZE] += process->page_tables;
}

/*
 * Who is who.
 */

static bool is_subject_of(const struct subjects *subjects, const struct subject *subject,
			  const struct process *process)
{
	if (subject == subjects->machine)
		return false;
	if (subjects->by_name)
		return !strcmp(subject->comm, process->comm);
	return subject->pid == process->pid && subject->start_ns == process->start_ns;
}

/* Most processes are none of many that are watched, and mostly this says so. */
static bool may_have_pid(const struct subjects *subjects, pid_t pid)
{
	const unsigned int bit = (unsigned int)pid % SUBJECTS_PIDS;

	return subjects->pids[bit / 64] >> bit % 64 & 1;
}

static void note_pid(struct subjects *subjects, pid_t pid)
{
	const unsigned int bit = (unsigned int)pid % SUBJECTS_PIDS;

	subjects->pids[bit / 64] |= 1ULL << bit % 64;
}

/* Processes come in the same order each time. */
static struct subject *find(struct subjects *subjects, const struct process *process)
{
	size_t i, at;

	if (!subjects->by_name && !may_have_pid(subjects, process->pid))
		return NULL;
	for (i = 0; i < subjects->count; i++) {
		at = (subjects->next + i) % subjects->count;
		if (!is_subject_of(subjects, subjects->all[at], process))
			continue;
		subjects->next = at + 1;
		return subjects->all[at];
	}
	return NULL;
}

bool subjects_know(struct subjects *subjects, const struct process *process)
{
	return find(subjects, process);
}

static void subject_free(struct subject *subject)
{
	if (!subject)
		return;
	growth_free(subject->growth);
	free(subject->sample);
	free(subject);
}

/* Takes over @growth, which can be NULL. */
static struct subject *new_subject(struct subjects *subjects, struct growth *growth)
{
	struct subject *subject = calloc(1, sizeof(*subject)), **more;

	if (!subject) {
		growth_free(growth);
		goto no_memory;
	}
	subject->growth = growth;
	subject->sample = calloc(1, sizeof(*subject->sample));
	more = realloc(subjects->all, (subjects->count + 1) * sizeof(struct subject *));
	if (more)
		subjects->all = more;
	if (!subject->growth || !subject->sample || !more)
		goto no_memory;
	subjects->all[subjects->count++] = subject;
	return subject;

no_memory:
	subject_free(subject);
	say_error("out of memory");
	return NULL;
}

bool subjects_add_machine(struct subjects *subjects)
{
	subjects->machine = new_subject(subjects, growth_new());
	return subjects->machine;
}

struct subject *subjects_restore(struct subjects *subjects, struct growth *growth)
{
	return new_subject(subjects, growth);
}

/* One number for all members, in whatever order they come. */
static uint64_t life_of(const struct process *process)
{
	uint64_t life = process->start_ns * 0x9e3779b97f4a7c15ULL + process->pid;

	return (life ^ life >> 29) * 0xbf58476d1ce4e5b9ULL;
}

/*
 * Samples.
 */

void subjects_begin(struct subjects *subjects)
{
	struct subject *subject;
	size_t i;

	memset(subjects->pids, 0, sizeof(subjects->pids));
	for (i = 0; i < subjects->count; i++) {
		subject = subjects->all[i];
		subject->processes = 0;
		subject->life = 0;
		memset(subject->sample, 0, sizeof(*subject->sample));
		note_pid(subjects, subject->pid);
	}
	subjects->next = 0;
	subjects->hidden = 0;
	subjects->threads = 0;
	subjects->vmas = 0;
	subjects->shmem = 0;
	subjects->shmem_known = true;
}

void subjects_pass(struct subjects *subjects, const struct process *process)
{
	uint64_t value;

	if (process->shared_mm)
		return;
	subjects->threads += process->threads;
	if (counts_get(&process->total, COLUMN_BIT(vmas), &value))
		subjects->vmas += value;
	if (counts_get(&process->total, COLUMN_BIT(pss_shmem), &value))
		subjects->shmem += value;
	else
		subjects->shmem_known = false;
}

bool subjects_take(struct subjects *subjects, const struct process *process)
{
	struct subject *subject;

	if (process->classes_unknown) {
		subjects->hidden++;
		subjects_pass(subjects, process);
		return true;
	}
	subject = find(subjects, process);
	if (!subject)
		subject = new_subject(subjects, growth_new());
	if (!subject)
		return false;
	note_pid(subjects, process->pid);
	subject->pid = process->pid;
	subject->start_ns = process->start_ns;
	memcpy(subject->comm, process->comm, sizeof(subject->comm));
	subject->life += life_of(process);
	subject->processes++;
	take_process(subject->sample, process);
	subjects_pass(subjects, process);
	return true;
}

/* About what the kernel's slab has for each: tasks and files, mappings and their trees. */
#define SLAB_OF_THREAD	(16 * 1024)
#define SLAB_OF_MAPPING	768

static uint64_t above(uint64_t value, uint64_t least)
{
	return value > least ? value - least : 0;
}

static void take_machine(struct subjects *subjects, const struct counters *counters)
{
	struct growth_sample *sample = subjects->machine->sample;
	uint64_t expected = subjects->threads * SLAB_OF_THREAD + subjects->vmas * SLAB_OF_MAPPING;
	uint64_t shmem = counters_get(counters, "Shmem");
	uint64_t slab = counters_get(counters, "SUnreclaim");

	sample->rows[GROWTH_SHMEM].values[GROWTH_SIZE] =
		subjects->shmem_known ? above(shmem, subjects->shmem) : GROWTH_NOT_COUNTED;
	sample->rows[GROWTH_SLAB].values[GROWTH_SIZE] = above(slab, expected);
	sample->rows[GROWTH_RESIDUE].values[GROWTH_SIZE] = counters_residue(counters);
	subjects->machine->processes = 1;
}

static void drop_ended(struct subjects *subjects)
{
	size_t i, kept = 0;

	for (i = 0; i < subjects->count; i++) {
		if (subjects->all[i]->processes || subjects->all[i] == subjects->machine)
			subjects->all[kept++] = subjects->all[i];
		else
			subject_free(subjects->all[i]);
	}
	subjects->count = kept;
}

static enum status read_counters(const struct subjects *subjects, struct counters *counters)
{
	return subjects->capture ? source_counters(subjects->capture, counters) :
				   counters_read(counters);
}

bool subjects_end(struct subjects *subjects, uint64_t time_ns)
{
	struct counters counters;
	bool read = subjects->machine && !read_counters(subjects, &counters), ended;

	ended = subjects_end_with(subjects, time_ns, read ? &counters : NULL);
	if (read)
		counters_free(&counters);
	return ended;
}

bool subjects_end_with(struct subjects *subjects, uint64_t time_ns,
		       const struct counters *counters)
{
	struct subject *subject;
	size_t i;

	if (subjects->hidden > subjects->hidden_most)
		subjects->hidden_most = subjects->hidden;
	if (subjects->machine && counters)
		take_machine(subjects, counters);
	if (!subjects->keep_ended)
		drop_ended(subjects);
	for (i = 0; i < subjects->count; i++) {
		subject = subjects->all[i];
		subject->sample->time_ns = time_ns;
		subject->sample->life = subject->life;
		if (subject->processes && !growth_add(subject->growth, subject->sample)) {
			say_error("out of memory");
			return false;
		}
	}
	return true;
}

size_t subjects_seen(const struct subjects *subjects)
{
	return subjects->count - !!subjects->machine;
}

bool subjects_all_hidden(const struct subjects *subjects)
{
	return !subjects->count && subjects->hidden_most;
}

size_t subjects_alive(const struct subjects *subjects)
{
	size_t i, alive = 0;

	for (i = 0; i < subjects->count; i++)
		alive += subjects->all[i] != subjects->machine && subjects->all[i]->processes;
	return alive;
}

void subjects_free(struct subjects *subjects)
{
	size_t i;

	for (i = 0; i < subjects->count; i++)
		subject_free(subjects->all[i]);
	free(subjects->all);
}
