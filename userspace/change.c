// SPDX-License-Identifier: GPL-2.0
#include "change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool add(struct changes *changes, size_t *room, const struct change *change)
{
	struct change *more;

	if (changes->count == *room) {
		*room = *room ? *room * 2 : 256;
		more = realloc(changes->all, *room * sizeof(*more));
		if (!more)
			return false;
		changes->all = more;
	}
	changes->all[changes->count++] = *change;
	return true;
}

/* Memory that is also a lower pid's is that one's. */
static bool add_process(struct changes *changes, size_t *room, const struct process *process,
			bool after, enum change_by by)
{
	struct change change;
	size_t i;

	if (process->shared_mm)
		return true;
	memset(&change, 0, sizeof(change));
	change.was = !after;
	change.is = after;
	if (by == CHANGE_BY_PROCESS) {
		change.pid = process->pid;
		change.start_ns = process->start_ns;
	}
	if (by != CHANGE_BY_CLASS)
		snprintf(change.comm, sizeof(change.comm), "%s", process->comm);
	counts_clear(&change.before);
	counts_clear(&change.after);
	for (i = 0; i < process->nr_classes; i++) {
		change.class = process->classes[i].class;
		*(after ? &change.after : &change.before) = process->classes[i].counts;
		if (!add(changes, room, &change))
			return false;
	}
	return true;
}

static bool is_same(const struct process *one, const struct process *other, enum change_by by)
{
	if (by == CHANGE_BY_NAME)
		return !strcmp(one->comm, other->comm);
	return one->pid == other->pid && one->start_ns == other->start_ns;
}

/* Where a snapshot does not know it, or another one of its name: not new, and not gone. */
static bool is_hidden(const struct process *process, const struct snapshot *snapshot,
		      enum change_by by)
{
	size_t i;

	for (i = 0; snapshot->hidden && i < snapshot->count; i++)
		if (snapshot->all[i].classes_unknown && is_same(&snapshot->all[i], process, by))
			return true;
	return false;
}

static bool add_all(struct changes *changes, size_t *room, const struct snapshot *snapshot,
		    const struct snapshot *other, bool after, enum change_by by)
{
	size_t i, left_out = 0;

	for (i = 0; i < snapshot->count; i++) {
		if (is_hidden(&snapshot->all[i], snapshot, by) ||
		    is_hidden(&snapshot->all[i], other, by))
			left_out++;
		else if (!add_process(changes, room, &snapshot->all[i], after, by))
			return false;
	}
	if (left_out > changes->left_out)
		changes->left_out = left_out;
	return true;
}

/* A process can take another name: it is the same one. */
static int compare_subjects(const void *left, const void *right)
{
	const struct change *a = left, *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	if (!a->pid && strcmp(a->comm, b->comm))
		return strcmp(a->comm, b->comm);
	return (a->class > b->class) - (a->class < b->class);
}

static int compare_subjects_in_time(const void *left, const void *right)
{
	const struct change *a = left, *b = right;

	return compare_subjects(left, right) ?: b->was - a->was;
}

static void merge(struct change *into, const struct change *change)
{
	counts_add(&into->before, &change->before);
	counts_add(&into->after, &change->after);
	into->was |= change->was;
	into->is |= change->is;
	memcpy(into->comm, change->comm, sizeof(into->comm));
}

static void merge_same(struct changes *changes)
{
	size_t i, kept = 0;

	if (!changes->count)
		return;
	qsort(changes->all, changes->count, sizeof(*changes->all), compare_subjects_in_time);
	for (i = 1; i < changes->count; i++) {
		if (!compare_subjects(&changes->all[kept], &changes->all[i]))
			merge(&changes->all[kept], &changes->all[i]);
		else
			changes->all[++kept] = changes->all[i];
	}
	changes->count = kept + 1;
}

bool changes_find(struct changes *changes, const struct snapshot *before,
		  const struct snapshot *after, enum change_by by)
{
	size_t room = 0;

	memset(changes, 0, sizeof(*changes));
	if (!add_all(changes, &room, before, after, false, by) ||
	    !add_all(changes, &room, after, before, true, by)) {
		changes_free(changes);
		return false;
	}
	merge_same(changes);
	return true;
}

void changes_free(struct changes *changes)
{
	free(changes->all);
	memset(changes, 0, sizeof(*changes));
}

bool change_get(const struct change *change, uint64_t columns, uint64_t *before,
		uint64_t *after)
{
	return counts_get(&change->before, columns, before) &&
	       counts_get(&change->after, columns, after);
}

/* "": it was there before and is still. */
const char *change_state(const struct change *change)
{
	if (!change->was)
		return "new";
	return change->is ? "" : "gone";
}

static uint64_t size_of(const struct change *change, uint64_t columns)
{
	uint64_t before, after;

	if (!change_get(change, columns, &before, &after))
		return 0;
	return before > after ? before - after : after - before;
}

static int compare_sizes(const void *left, const void *right, void *columns)
{
	uint64_t a = size_of(left, *(uint64_t *)columns);
	uint64_t b = size_of(right, *(uint64_t *)columns);

	return a != b ? (a < b ? 1 : -1) : compare_subjects(left, right);
}

void changes_sort(struct changes *changes, uint64_t columns)
{
	size_t i, kept = 0;

	for (i = 0; i < changes->count; i++)
		if (size_of(&changes->all[i], columns))
			changes->all[kept++] = changes->all[i];
	changes->count = kept;
	if (kept)
		qsort_r(changes->all, kept, sizeof(*changes->all), compare_sizes, &columns);
}
