// SPDX-License-Identifier: GPL-2.0
#include "timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "say.h"

#define STRIDE	(TIMELINE_POINTS + 1)

uint64_t timeline_value(const struct timeline_process *process, unsigned int class,
			size_t point)
{
	return process->values[class * STRIDE + point];
}

/* Both are in the order of pids: where the last one was found, the next one is near. */
static struct timeline_process *find(struct timeline *timeline, const struct process *process,
				     size_t *near)
{
	struct timeline_process *found;
	size_t i;

	for (i = 0; i < timeline->nr_processes; i++) {
		found = &timeline->processes[(*near + i) % timeline->nr_processes];
		if (found->pid == process->pid && found->start_ns == process->start_ns) {
			*near = found - timeline->processes + 1;
			return found;
		}
	}
	return NULL;
}

static struct timeline_process *add(struct timeline *timeline, const struct process *process)
{
	struct timeline_process *more;

	more = realloc(timeline->processes, (timeline->nr_processes + 1) * sizeof(*more));
	if (!more)
		return NULL;
	timeline->processes = more;
	more += timeline->nr_processes;
	memset(more, 0, sizeof(*more));
	more->pid = process->pid;
	more->start_ns = process->start_ns;
	timeline->nr_processes++;
	return more;
}

static uint64_t total_of(const struct timeline *timeline, const struct process *process)
{
	uint64_t value;

	return counts_get(&process->total, timeline->column, &value) ? value : 0;
}

/* The first time: what all have together, and what each began and ended with. */
static bool take_total(struct timeline *timeline, const struct process *process, size_t point,
		       size_t *near)
{
	struct timeline_process *row = find(timeline, process, near);
	uint64_t value;
	size_t i;

	if (!row) {
		row = add(timeline, process);
		if (!row)
			return false;
		row->first = total_of(timeline, process);
	}
	snprintf(row->comm, sizeof(row->comm), "%s", process->comm);
	row->last = total_of(timeline, process);
	row->last_point = point;
	for (i = 0; i < process->nr_classes && !process->shared_mm; i++)
		if (process->classes[i].class < TIMELINE_CLASSES &&
		    counts_get(&process->classes[i].counts, timeline->column, &value))
			timeline->all[process->classes[i].class][point] += value;
	return true;
}

/* The second time: the classes of those that are drawn. */
static bool take_classes(struct timeline *timeline, const struct process *process,
			 size_t point, size_t *near)
{
	struct timeline_process *row = find(timeline, process, near);
	uint64_t value;
	size_t i;

	for (i = 0; i < process->nr_classes && row && row->values; i++)
		if (process->classes[i].class < TIMELINE_CLASSES &&
		    counts_get(&process->classes[i].counts, timeline->column, &value))
			row->values[process->classes[i].class * STRIDE + point] = value;
	return true;
}

typedef bool take_function(struct timeline *timeline, const struct process *process,
			   size_t point, size_t *near);

static enum status take_sample(struct timeline *timeline, struct source *capture,
			       size_t point, take_function *take)
{
	enum source_result result;
	struct process process;
	size_t near = 0;
	bool taken;

	result = source_first_process(capture, &process);
	while (result == SOURCE_GOT) {
		taken = take(timeline, &process, point, &near);
		process_free(&process);
		if (!taken) {
			say_error("out of memory");
			return STATUS_FAILURE;
		}
		result = source_next_process(capture, &process);
	}
	return result == SOURCE_END ? STATUS_OK : STATUS_FAILURE;
}

/* PSS, unless the last sample has none. */
static enum status choose_column(struct timeline *timeline, struct source *capture)
{
	enum source_result result;
	struct process process;
	uint64_t value;

	timeline->column = COLUMN_BIT(pss);
	result = source_first_process(capture, &process);
	while (result == SOURCE_GOT) {
		if (!process.classes_unknown &&
		    !counts_get(&process.total, COLUMN_BIT(pss), &value))
			timeline->column = COLUMN_BIT(rss);
		process_free(&process);
		result = source_next_process(capture, &process);
	}
	return result == SOURCE_END ? STATUS_OK : STATUS_FAILURE;
}

/* Points, evenly over all samples; the first and the last are among them. */
static enum status take_samples(struct timeline *timeline, struct source *capture,
				take_function *take)
{
	size_t samples = capture_nr_samples(capture), i;
	const struct capture_sample *when;
	enum status status = STATUS_OK;
	uint64_t begin_ns = 0;

	timeline->nr_points = samples < TIMELINE_POINTS ? samples : TIMELINE_POINTS;
	for (i = 0; i < timeline->nr_points && !status; i++) {
		when = capture_choose(capture,
				      i ? i * (samples - 1) / (timeline->nr_points - 1) : 0);
		if (!i) {
			timeline->begin_unix_ns = when->unix_ns;
			begin_ns = when->boot_ns;
		}
		timeline->end_unix_ns = when->unix_ns;
		timeline->seconds[i] = when->boot_ns > begin_ns ? (when->boot_ns - begin_ns) / 1e9 : 0;
		status = take_sample(timeline, capture, i, take);
	}
	return status;
}

/* Who is still there comes first. */
static int compare(const void *left, const void *right)
{
	const struct timeline_process *a = left, *b = right;
	int64_t growth_a = a->last - a->first, growth_b = b->last - b->first;

	if (a->last_point != b->last_point)
		return a->last_point < b->last_point ? 1 : -1;
	if (growth_a != growth_b)
		return growth_a < growth_b ? 1 : -1;
	return (a->last < b->last) - (a->last > b->last);
}

static enum status choose_drawn(struct timeline *timeline)
{
	size_t i;

	if (timeline->nr_processes)
		qsort(timeline->processes, timeline->nr_processes, sizeof(*timeline->processes),
		      compare);
	for (i = 0; i < timeline->nr_processes && i < TIMELINE_DRAWN; i++) {
		timeline->processes[i].values =
			calloc(TIMELINE_CLASSES * STRIDE, sizeof(*timeline->processes[i].values));
		if (!timeline->processes[i].values) {
			say_error("out of memory");
			return STATUS_FAILURE;
		}
	}
	return STATUS_OK;
}

enum status timeline_read(struct timeline **read, struct source *capture)
{
	struct timeline *timeline = calloc(1, sizeof(*timeline));
	enum status status;

	if (!timeline) {
		say_error("out of memory");
		return STATUS_FAILURE;
	}
	status = choose_column(timeline, capture);
	if (!status)
		status = take_samples(timeline, capture, take_total);
	if (!status)
		status = choose_drawn(timeline);
	if (!status)
		status = take_samples(timeline, capture, take_classes);
	if (status)
		timeline_free(timeline);
	else
		*read = timeline;
	return status;
}

void timeline_free(struct timeline *timeline)
{
	size_t i;

	for (i = 0; i < timeline->nr_processes; i++)
		free(timeline->processes[i].values);
	free(timeline->processes);
	free(timeline);
}
