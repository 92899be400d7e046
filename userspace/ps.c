// SPDX-License-Identifier: GPL-2.0
/* memclass ps: all processes and what types of memory they have. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "emit.h"
#include "filter.h"
#include "say.h"
#include "source.h"
#include "table.h"
#include "user.h"

/* No process has this: the row of the sums. */
#define PID_TOTAL	0

/*
 * The fields.
 */

static void get_pid(const void *item, struct cell *cell)
{
	const struct process *process = item;

	if (process->pid == PID_TOTAL)
		cell_text(cell, "total");
	else
		cell_number(cell, process->pid);
}

static void get_ppid(const void *item, struct cell *cell)
{
	const struct process *process = item;

	if (process->pid != PID_TOTAL)
		cell_number(cell, process->ppid);
}

static void get_uid(const void *item, struct cell *cell)
{
	const struct process *process = item;

	if (process->pid != PID_TOTAL)
		cell_number(cell, process->uid);
}

static void get_user(const void *item, struct cell *cell)
{
	const struct process *process = item;

	if (process->pid != PID_TOTAL)
		cell_text(cell, user_name(process));
}

static void get_comm(const void *item, struct cell *cell)
{
	const struct process *process = item;

	cell_text(cell, process->comm);
}

static void get_mm(const void *item, struct cell *cell)
{
	const struct process *process = item;

	if (process->pid == PID_TOTAL)
		return;
	if (process->shared_mm_unknown)
		cell->kind = CELL_UNKNOWN;
	else
		cell_text(cell, process->shared_mm ? "shared" : "own");
}

static void get_threads(const void *item, struct cell *cell)
{
	const struct process *process = item;

	cell_number(cell, process->threads);
}

static void get_age(const void *item, struct cell *cell)
{
	const struct process *process = item;

	if (process->pid == PID_TOTAL || process->read_ns < process->start_ns)
		return;
	cell->kind = CELL_SECONDS;
	cell->number = (process->read_ns - process->start_ns) / 1000000000;
}

static void get_tables(const void *item, struct cell *cell)
{
	cell_bytes(cell, ((const struct process *)item)->page_tables);
}

static const struct counts *get_counts(const void *item)
{
	return &((const struct process *)item)->total;
}

/* The cheap tier knows no PSS. */
static uint64_t column_of_types(const struct process *process)
{
	return process->cheap ? COLUMN_BIT(rss) : COLUMN_BIT(pss);
}

static void get_of_type(const struct process *process, enum memclass_type type,
			struct cell *cell)
{
	uint64_t sum = 0, value;
	size_t i;

	cell->kind = CELL_UNKNOWN;
	if (process->classes_unknown)
		return;
	for (i = 0; i < process->nr_classes; i++) {
		if (!class_has_type(process->classes[i].class, type))
			continue;
		if (!counts_get(&process->classes[i].counts, column_of_types(process), &value))
			return;
		sum += value;
	}
	cell_bytes(cell, sum);
}

#define TYPE_GETTER(type, name, text) \
	static void get_##type(const void *item, struct cell *cell) \
	{ \
		get_of_type(item, MEMCLASS_TYPE_##type, cell); \
	}
MEMCLASS_TYPES(TYPE_GETTER)

/* Full names would fill the screen. */
#define HEADING_PRIVATE_ANON	"P-ANON"
#define HEADING_PRIVATE_FILE	"P-FILE"
#define HEADING_SHARED_ANON	"S-ANON"
#define HEADING_SHARED_FILE	"S-FILE"
#define HEADING_OTHER		"OTHER"

#define TYPE_FIELD(type, type_name, text) \
	{ \
		.name = type_name, \
		.heading = HEADING_##type, \
		.help = "pss of that type; rss with --cheap", \
		.get = get_##type, \
	},

static const struct field fields[] = {
	{ .name = "pid", .help = "process id", .get = get_pid, .ascending = true },
	{ .name = "ppid", .help = "its parent's", .get = get_ppid, .ascending = true },
	{ .name = "uid", .help = "user's number", .get = get_uid, .ascending = true },
	{ .name = "user", .help = "user", .get = get_user, .left = true, .cut = true },
	{
		.name = "comm",
		.heading = "COMMAND",
		.help = "name",
		.get = get_comm,
		.left = true,
		.cut = true,
	},
	{
		.name = "mm",
		.help = "shared: with a process of a lower pid, not in the total",
		.get = get_mm,
		.left = true,
	},
	{ .name = "threads", .help = "threads", .get = get_threads },
	{ .name = "age", .help = "time since it was started", .get = get_age },
	{ .name = "page-tables", .heading = "PGTABLES", .help = "page tables", .get = get_tables },
	MEMCLASS_TYPES(TYPE_FIELD) COUNTED_FIELDS FAULT_FIELDS
};

static const struct listing ps_listing = {
	.fields = fields,
	.nr_fields = sizeof(fields) / sizeof(fields[0]),
	.counts = get_counts,
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

static enum status run(const struct request *request, char **operands, int count)
{
	struct processes processes = { 0 };
	struct source *source;
	struct filter filter;
	enum status status;

	(void)operands;
	(void)count;
	status = filter_parse(&filter, request, "ps");
	if (status)
		return status;
	status = source_open(&source, request);
	if (status)
		return status;
	processes.total.pid = PID_TOTAL;
	counts_clear(&processes.total.total);
	status = read_all(source, &processes, &filter);
	if (!status)
		status = sort(&processes, request);
	if (!status && request->json)
		print_json(&processes);
	else if (!status)
		status = print_table(&processes, request);
	free_all(&processes);
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
		   OPTION_FILTER,
	.min_operands = 0,
	.max_operands = 0,
	.listing = &ps_listing,
	.run = run,
};
