// SPDX-License-Identifier: GPL-2.0
/* memclass ps: all processes and what types of memory they have. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "emit.h"
#include "filter.h"
#include "process_row.h"
#include "repeat.h"
#include "say.h"
#include "source.h"
#include "table.h"

static const struct field fields[] = {
	PROCESS_ROW_FIELDS PROCESS_ROW_TYPE_FIELDS COUNTED_FIELDS FAULT_FIELDS
};

static const struct listing ps_listing = {
	.fields = fields,
	.nr_fields = sizeof(fields) / sizeof(fields[0]),
	.counts = process_row_counts,
	.defaults = "pid,user,rss,pss,swap,private-anon,private-file,shared-anon,"
		    "shared-file,other?,hugetlb?,comm",
};

/*
 * All processes.
 */

struct processes {
	struct process *all;		/* in the order of their pids */
	const void **sorted;		/* pointers to them */
	size_t count;
	size_t room;
	size_t shared;			/* not in the total */
	struct process total;
};

static bool make_room(struct processes *processes)
{
	size_t room = processes->room ? processes->room * 2 : 256;
	struct process *more;

	if (processes->count < processes->room)
		return true;
	more = realloc(processes->all, room * sizeof(*more));
	if (!more) {
		say_error("out of memory");
		return false;
	}
	processes->all = more;
	processes->room = room;
	return true;
}

static struct class_counts *total_class(struct process *total, unsigned int class)
{
	struct class_counts *classes = total->classes;
	size_t i;

	for (i = 0; i < total->nr_classes && classes[i].class < class; i++)
		;
	if (i < total->nr_classes && classes[i].class == class)
		return &classes[i];
	classes = realloc(classes, (total->nr_classes + 1) * sizeof(*classes));
	if (!classes) {
		say_error("out of memory");
		return NULL;
	}
	total->classes = classes;
	memmove(&classes[i + 1], &classes[i], (total->nr_classes - i) * sizeof(*classes));
	total->nr_classes++;
	classes[i].class = class;
	counts_clear(&classes[i].counts);
	return &classes[i];
}

static bool total_add(struct process *total, const struct process *process)
{
	void (*add)(struct counts *sum, const struct counts *counts) =
		process->shared_mm ? counts_add_faults : counts_add;
	struct class_counts *sum;
	size_t i;

	total->cheap = process->cheap;
	total->classes_unknown |= process->classes_unknown;
	total->threads += process->threads;
	total->faults_dropped += process->faults_dropped;
	if (!process->shared_mm)
		total->page_tables += process->page_tables;
	add(&total->total, &process->total);
	for (i = 0; i < process->nr_classes; i++) {
		sum = total_class(total, process->classes[i].class);
		if (!sum)
			return false;
		add(&sum->counts, &process->classes[i].counts);
	}
	return true;
}

static enum status read_all(struct source *source, struct processes *processes,
			    const struct filter *filter)
{
	enum source_result result;
	struct process process;

	result = source_first_process(source, &process);
	for (; result == SOURCE_GOT; result = source_next_process(source, &process)) {
		if (!filter_takes(filter, &process)) {
			process_free(&process);
			continue;
		}
		if (!make_room(processes)) {
			process_free(&process);
			return STATUS_FAILURE;
		}
		processes->all[processes->count++] = process;
		processes->shared += process.shared_mm;
		if (!total_add(&processes->total, &process))
			return STATUS_FAILURE;
	}
	return result == SOURCE_END ? STATUS_OK : STATUS_FAILURE;
}

static enum status sort(struct processes *processes, const struct request *request)
{
	const char *by = processes->total.cheap ? "rss" : "pss";
	size_t i;

	processes->sorted = calloc(processes->count + 1, sizeof(*processes->sorted));
	if (!processes->sorted) {
		say_error("out of memory");
		return STATUS_FAILURE;
	}
	for (i = 0; i < processes->count; i++)
		processes->sorted[i] = &processes->all[i];
	if (request->with_type)
		by = request->with_type;
	if (request->sort)
		by = request->sort;
	listing_sort(&ps_listing, listing_find(&ps_listing, by),
		     processes->sorted, processes->count);
	return STATUS_OK;
}

static void free_all(struct processes *processes)
{
	size_t i;

	for (i = 0; i < processes->count; i++)
		process_free(&processes->all[i]);
	process_free(&processes->total);
	free(processes->all);
	free(processes->sorted);
}

static enum status print_table(struct processes *processes, const struct request *request)
{
	bool notes = !request->raw && !request->no_headings;
	enum status status;
	struct table *table;
	size_t i;

	status = table_open(&table, &ps_listing, request);
	if (status)
		return status;
	if (notes)
		printf("P-ANON to OTHER: %s by type, private or shared, anonymous or file.\n",
		       processes->total.cheap ? "RSS" : "PSS");
	for (i = 0; i < processes->count; i++)
		table_row(table, processes->sorted[i]);
	snprintf(processes->total.comm, sizeof(processes->total.comm), "%zu processes",
		 processes->count);
	table_row(table, &processes->total);
	status = table_close(table);
	if (notes && processes->shared)
		printf("%zu of them share the memory of another one and are not in the total: -o +mm\n",
		       processes->shared);
	return status;
}

static void print_json(const struct processes *processes)
{
	struct json json;
	size_t i;

	json_begin(&json, stdout);
	json_open_object(&json, NULL);
	json_number(&json, "schema", JSON_SCHEMA);
	json_string(&json, "tier", processes->total.cheap ? "cheap" : "full");
	json_open_array(&json, "processes");
	for (i = 0; i < processes->count; i++) {
		json_line(&json);
		json_open_object(&json, NULL);
		emit_process(&json, processes->sorted[i]);
		json_close_object(&json);
	}
	json_line(&json);
	json_close_array(&json);
	json_number(&json, "shared_mms", processes->shared);
	json_number(&json, "page_tables", processes->total.page_tables);
	emit_faults_state(&json, &processes->total.total, processes->total.faults_dropped);
	json_open_object(&json, "total");
	emit_counts(&json, &processes->total.total);
	emit_faults(&json, &processes->total.total);
	json_close_object(&json);
	if (processes->total.classes_unknown)
		json_null(&json, "classes");
	else
		emit_classes(&json, processes->total.classes, processes->total.nr_classes);
	json_close_object(&json);
	json_end(&json);
}

static enum status show(struct source *source, const struct filter *filter,
			const struct request *request)
{
	struct processes processes = { .total.pid = PROCESS_ROW_TOTAL };
	enum status status;

	counts_clear(&processes.total.total);
	status = read_all(source, &processes, filter);
	source_rest(source);
	if (!status)
		status = sort(&processes, request);
	if (!status && request->json)
		print_json(&processes);
	else if (!status)
		status = print_table(&processes, request);
	free_all(&processes);
	return status;
}

static enum status run(const struct request *request, char **operands, int count)
{
	struct repeat repeat;
	struct source *source;
	struct filter filter;
	enum status status;

	(void)operands;
	(void)count;
	status = filter_parse(&filter, request, "ps");
	if (!status)
		status = repeat_begin(&repeat, request, "ps");
	if (!status)
		status = source_open(&source, request);
	if (status)
		return status;
	while (!status && repeat_next(&repeat)) {
		repeat_heading(&repeat, request);
		status = show(source, &filter, request);
	}
	source_close(source);
	return status;
}

const struct command ps_command = {
	.name = "ps",
	.operands = "",
	.summary = "all processes, by types of memory",
	.details = "One row for each process, those with the most memory first, and their sum,\n"
		   "in which memory that several processes share as one is counted once.\n"
		   "P-ANON is PSS in private anonymous memory, S-FILE in shared file mappings,\n"
		   "and so on; with --cheap it is RSS. 'memclass classes' explains the rest.\n",
	.options = OPTION_JSON | OPTION_TABLE | OPTION_SORT | OPTION_SOURCE | OPTION_CHEAP |
		   OPTION_FILTER | OPTION_WATCH,
	.min_operands = 0,
	.max_operands = 0,
	.listing = &ps_listing,
	.run = run,
};
