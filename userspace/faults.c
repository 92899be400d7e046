// SPDX-License-Identifier: GPL-2.0
/* memclass faults [PID]: which kinds of memory page faults hit. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "class_row.h"
#include "command.h"
#include "emit.h"
#include "pid.h"
#include "repeat.h"
#include "say.h"
#include "source.h"
#include "table.h"
#include "text.h"

static const struct field fields[] = {
	CLASS_ROW_FIELDS FAULT_FIELDS
};

static const struct listing faults_listing = {
	.fields = fields,
	.nr_fields = sizeof(fields) / sizeof(fields[0]),
	.counts = class_row_counts,
	.defaults = "class,type,minor,major,reads,writes,execs,cow_faults,remote_faults?",
};

/* Whose faults they are: of one process or, without a pid, of all. */
struct faults {
	const struct process *process;	/* or NULL */
	const struct counts *total;
	const struct class_counts *classes;
	size_t nr_classes;
	uint64_t dropped;
};

static bool has_faults(const struct counts *counts)
{
	uint64_t faults;

	return counts_get_faults(counts, MINOR_FAULTS | MAJOR_FAULTS, &faults) && faults;
}

static void print_notes(const struct faults *faults)
{
	char comm[TEXT_ESCAPED(sizeof(faults->process->comm))];

	if (faults->process)
		printf("%s: pid %d, page faults since counting began or it was started\n",
		       text_escape(comm, sizeof(comm), faults->process->comm),
		       faults->process->pid);
	else
		printf("page faults of all processes since counting began\n");
	if (faults->total->faults_off)
		printf("they are not counted now: 'memclass version' says why\n");
	else if (faults->dropped)
		printf("and %" PRIu64 " of which the class is not known\n", faults->dropped);
}

static enum status print_table(const struct faults *faults, const struct request *request)
{
	struct class_counts total = { CLASS_TOTAL, *faults->total };
	enum status status;
	struct table *table;
	size_t i;

	status = table_open(&table, &faults_listing, request);
	if (status)
		return status;
	if (!request->raw && !request->no_headings)
		print_notes(faults);
	for (i = 0; i < faults->nr_classes; i++)
		if (has_faults(&faults->classes[i].counts))
			table_row(table, &faults->classes[i]);
	table_row(table, &total);
	return table_close(table);
}

static void print_json(const struct faults *faults)
{
	char name[CLASS_NAME_MAX];
	struct json json;
	const char *type;
	size_t i;

	json_begin(&json, stdout);
	json_open_object(&json, NULL);
	json_number(&json, "schema", JSON_SCHEMA);
	if (faults->process) {
		json_number(&json, "pid", faults->process->pid);
		json_string(&json, "comm", faults->process->comm);
		json_number(&json, "start_ns", faults->process->start_ns);
	}
	emit_faults_state(&json, faults->total, faults->dropped);
	json_open_object(&json, "total");
	emit_faults(&json, faults->total);
	json_close_object(&json);
	json_open_array(&json, "classes");
	for (i = 0; i < faults->nr_classes; i++) {
		if (!has_faults(&faults->classes[i].counts))
			continue;
		type = class_type_name(faults->classes[i].class);
		json_open_object(&json, NULL);
		json_string(&json, "class", class_name(name, faults->classes[i].class));
		if (type)
			json_string(&json, "type", type);
		else
			json_null(&json, "type");
		emit_faults(&json, &faults->classes[i].counts);
		json_close_object(&json);
	}
	json_close_array(&json);
	json_close_object(&json);
	json_end(&json);
}

static enum status print(const struct faults *faults, const struct request *request)
{
	if (!request->json)
		return print_table(faults, request);
	print_json(faults);
	return STATUS_OK;
}

static enum status of_process(struct source *source, pid_t pid, const struct request *request)
{
	enum source_result result;
	struct process process;
	enum status status;

	result = source_process(source, pid, &process);
	if (result == SOURCE_END)
		source_say_why_missing(source, pid);
	if (result != SOURCE_GOT)
		return STATUS_FAILURE;
	status = print(&(struct faults) {
			       .process = &process,
			       .total = &process.total,
			       .classes = process.classes,
			       .nr_classes = process.nr_classes,
			       .dropped = process.faults_dropped,
		       },
		       request);
	process_free(&process);
	return status;
}

static enum status of_all(struct source *source, const struct request *request)
{
	struct all_faults all;
	enum status status;

	status = source_faults(source, &all);
	if (status)
		return status;
	status = print(&(struct faults) {
			       .total = &all.total,
			       .classes = all.classes,
			       .nr_classes = all.nr_classes,
			       .dropped = all.dropped_minor + all.dropped_major,
		       },
		       request);
	all_faults_free(&all);
	return status;
}

static enum status run(const struct request *request, char **operands, int count)
{
	struct request cheap = *request;
	struct repeat repeat;
	struct source *source;
	enum status status;
	pid_t pid;

	if (count && !pid_parse(operands[0], &pid)) {
		say_usage("faults", "'%s' is not a process id", operands[0]);
		return STATUS_USAGE;
	}
	/* Its pages need not be looked at. */
	cheap.cheap = true;
	status = repeat_begin(&repeat, request, "faults");
	if (!status)
		status = source_open(&source, &cheap);
	if (status)
		return status;
	status = source_need_faults(source);
	while (!status && repeat_next(&repeat)) {
		repeat_heading(&repeat, request);
		status = count ? of_process(source, pid, request) : of_all(source, request);
		source_rest(source);
	}
	source_close(source);
	return status;
}

const struct command faults_command = {
	.name = "faults",
	.operands = "[PID]",
	.summary = "which kinds of memory page faults hit",
	.details = "One row for each class of memory that had faults, and their sum: of a process,\n"
		   "or of all of them, also those that have ended.\n"
		   "'memclass classes' explains classes and columns.\n",
	.options = OPTION_JSON | OPTION_TABLE | OPTION_SOURCE | OPTION_WATCH,
	.min_operands = 0,
	.max_operands = 1,
	.listing = &faults_listing,
	.run = run,
};
