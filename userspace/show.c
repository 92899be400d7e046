// SPDX-License-Identifier: GPL-2.0
/* memclass show PID...: what kinds of memory a process has. */
#include <inttypes.h>
#include <stdio.h>

#include "class_row.h"
#include "command.h"
#include "emit.h"
#include "headroom.h"
#include "pid.h"
#include "repeat.h"
#include "say.h"
#include "source.h"
#include "table.h"
#include "text.h"
#include "units.h"
#include "user.h"

static const struct field fields[] = {
	CLASS_ROW_FIELDS COUNTED_FIELDS FAULT_FIELDS
};

static const struct listing show_listing = {
	.fields = fields,
	.nr_fields = sizeof(fields) / sizeof(fields[0]),
	.counts = class_row_counts,
	.defaults = "class,type,vmas,virt,rss,pss,private,shared,dirty,cow,swap,"
		    "minor,major,locked?,hugetlb?",
};

static void print_age(const struct process *process)
{
	char age[UNITS_MAX];

	if (process->read_ns < process->start_ns)
		return;
	printf(", running for %s",
	       units_age(age, (process->read_ns - process->start_ns) / 1000000000));
}

static const char *plural(uint32_t number)
{
	return number == 1 ? "" : "s";
}

static void print_identity(const struct process *process)
{
	char comm[TEXT_ESCAPED(sizeof(process->comm))], name[TEXT_ESCAPED(64)];

	printf("%s: pid %d, parent %d, ", text_escape(comm, sizeof(comm), process->comm),
	       process->pid, process->ppid);
	printf("user %s", text_escape(name, sizeof(name), user_name(process)));
	printf(", %" PRIu32 " thread%s", process->threads, plural(process->threads));
	print_age(process);
	putchar('\n');
}

static void print_cost(const struct process *process, const struct request *request)
{
	const struct cost *cost = &process->cost;
	char tables[UNITS_MAX], hold[UNITS_MAX], walk[UNITS_MAX];

	if (request->bytes)
		snprintf(tables, sizeof(tables), "%" PRIu64, process->page_tables);
	else
		units_bytes(tables, process->page_tables);
	printf("page tables %s; ", tables);
	if (cost->unknown) {
		printf("read without the module\n");
		return;
	}
	printf("read in %s: %" PRIu32 " slice%s, longest hold %s, %" PRIu32
	       " lock drop%s\n",
	       units_nanoseconds(walk, cost->walk_ns), cost->slices,
	       plural(cost->slices), units_nanoseconds(hold, cost->max_hold_ns),
	       cost->lock_drops, plural(cost->lock_drops));
	if (cost->changed)
		printf("its mappings changed meanwhile\n");
	if (process->shared_mm)
		printf("this memory is also that of a process with a lower pid\n");
}

static void print_headroom(const struct process *process, const struct request *request)
{
	struct headroom headroom;

	headroom_of_process(&headroom, process);
	headroom_print(&headroom, request);
	headroom_free(&headroom);
}

static enum status show_table(const struct process *process, bool live,
			      const struct request *request)
{
	struct class_counts total = { CLASS_TOTAL, process->total };
	enum status status;
	struct table *table;
	size_t i;

	status = table_open(&table, &show_listing, request);
	if (status)
		return status;
	if (!request->raw && !request->no_headings) {
		print_identity(process);
		print_cost(process, request);
	}
	for (i = 0; i < process->nr_classes; i++)
		table_row(table, &process->classes[i]);
	table_row(table, &total);
	status = table_close(table);
	if (live && !request->raw && !request->no_headings)
		print_headroom(process, request);
	return status;
}

static void emit_headroom(struct json *json, const struct process *process)
{
	struct headroom headroom;

	headroom_of_process(&headroom, process);
	headroom_emit(json, "headroom", &headroom);
	headroom_emit_score(json, &headroom);
	headroom_free(&headroom);
}

static enum status show_json(const struct process *process, bool live)
{
	struct json json;

	json_begin(&json, stdout);
	json_open_object(&json, NULL);
	json_number(&json, "schema", JSON_SCHEMA);
	emit_process(&json, process);
	if (live)
		emit_headroom(&json, process);
	json_close_object(&json);
	json_end(&json);
	return STATUS_OK;
}

/* @again: another process was shown before. */
static enum status show(struct source *source, pid_t pid, const struct request *request,
			bool again)
{
	enum source_result result;
	struct process process;
	enum status status;

	result = source_process(source, pid, &process);
	if (result == SOURCE_END)
		source_say_why_missing(source, pid);
	if (result != SOURCE_GOT)
		return STATUS_FAILURE;
	if (again && !request->json && !request->raw)
		putchar('\n');
	status = request->json ? show_json(&process, source_is_live(source)) :
				 show_table(&process, source_is_live(source), request);
	process_free(&process);
	return status;
}

/* Each of them that can be. */
static enum status show_all(struct source *source, char **operands, int count,
			    const struct request *request)
{
	enum status worst = STATUS_OK, status;
	bool again = false;
	pid_t pid;
	int i;

	for (i = 0; i < count; i++) {
		pid_parse(operands[i], &pid);
		status = show(source, pid, request, again);
		again |= !status;
		if (status)
			worst = status;
	}
	source_rest(source);
	return worst;
}

static enum status run(const struct request *request, char **operands, int count)
{
	struct repeat repeat;
	struct source *source;
	enum status status;
	pid_t pid;
	int i;

	for (i = 0; i < count; i++) {
		if (!pid_parse(operands[i], &pid)) {
			say_usage("show", "'%s' is not a process id", operands[i]);
			return STATUS_USAGE;
		}
	}
	status = repeat_begin(&repeat, request, "show");
	if (!status)
		status = source_open(&source, request);
	if (status)
		return status;
	while (!status && repeat_next(&repeat)) {
		repeat_heading(&repeat, request);
		status = show_all(source, operands, count, request);
	}
	source_close(source);
	return status;
}

const struct command show_command = {
	.name = "show",
	.operands = "PID...",
	.summary = "what kinds of memory a process has",
	.details = "One row for each class of memory that the process has, and their sum; below it\n"
		   "the limits that it can run into, the nearest first.\n"
		   "'memclass classes' explains classes and columns.\n",
	.options = OPTION_JSON | OPTION_TABLE | OPTION_SOURCE | OPTION_CHEAP | OPTION_WATCH,
	.min_operands = 1,
	.max_operands = -1,
	.listing = &show_listing,
	.run = run,
};
