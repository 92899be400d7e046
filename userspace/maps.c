// SPDX-License-Identifier: GPL-2.0
/* memclass maps PID: every mapping of a process. */
#include <stdio.h>

#include "command.h"
#include "emit.h"
#include "maps_group.h"
#include "pid.h"
#include "say.h"
#include "source.h"
#include "table.h"
#include "vma_row.h"

static const struct field fields[] = {
	VMA_ROW_FIELDS COUNTED_FIELDS
};

static const struct listing maps_listing = {
	.fields = fields,
	.nr_fields = sizeof(fields) / sizeof(fields[0]),
	.counts = vma_row_counts,
	.defaults = "start,virt,perms,class,rss,pss,dirty,cow,swap,name",
};

/* Where mappings go as they come: there may be a million. */
struct output {
	const struct request *request;
	struct groups *groups;		/* with --by they are summed up before */
	struct table *table;		/* or, when it is NULL: */
	struct json json;
	struct vma total;		/* and what all walks have cost */
};

/* The costs of several walks as that of one. */
static void cost_add(struct cost *sum, const struct cost *cost)
{
	sum->walk_ns += cost->walk_ns;
	sum->slices += cost->slices;
	sum->lock_drops += cost->lock_drops;
	sum->changed += cost->changed;
	sum->unknown |= cost->unknown;
	if (sum->max_hold_ns < cost->max_hold_ns)
		sum->max_hold_ns = cost->max_hold_ns;
}

static enum status output_begin(struct output *output, const struct vma *first,
				const struct request *request)
{
	output->total = (struct vma) { .pid = VMA_ROW_TOTAL };
	counts_clear(&output->total.counts);
	output->request = request;
	output->table = NULL;
	output->groups = request->by ? groups_new(request) : NULL;
	if (request->by && !output->groups) {
		say_error("out of memory");
		return STATUS_FAILURE;
	}
	if (request->by && !request->json)
		return STATUS_OK;
	if (!request->json)
		return table_open(&output->table, &maps_listing, request);
	json_begin(&output->json, stdout);
	json_open_object(&output->json, NULL);
	json_number(&output->json, "schema", JSON_SCHEMA);
	json_number(&output->json, "pid", first->pid);
	json_number(&output->json, "start_ns", first->start_ns);
	json_string(&output->json, "tier", first->cheap ? "cheap" : "full");
	if (request->by)
		json_string(&output->json, "by", request->by);
	json_open_array(&output->json, request->by ? "groups" : "vmas");
	return STATUS_OK;
}

/* Return: false when there is no memory. */
static bool output_vma(struct output *output, const struct vma *vma)
{
	counts_add(&output->total.counts, &vma->counts);
	cost_add(&output->total.cost, &vma->cost);
	if (output->groups)
		return groups_add(output->groups, vma);
	if (output->table) {
		table_row(output->table, vma);
	} else {
		json_line(&output->json);
		emit_vma(&output->json, vma);
	}
	return true;
}

/* Sums of a part are of no use to a reader: those of what could not be read are missing. */
static enum status end_groups(struct output *output, bool complete)
{
	enum status status = STATUS_OK;

	if (output->request->json)
		groups_emit(output->groups, &output->json);
	else if (complete)
		status = groups_print(output->groups, output->request, &output->total.counts);
	groups_free(output->groups);
	return status;
}

static enum status output_end(struct output *output, bool complete)
{
	enum status status;

	if (output->groups) {
		status = end_groups(output, complete);
		if (status || !output->request->json)
			return status;
	}
	if (output->table) {
		if (complete)
			table_row(output->table, &output->total);
		return table_close(output->table);
	}
	json_line(&output->json);
	json_close_array(&output->json);
	json_open_object(&output->json, "total");
	emit_counts(&output->json, &output->total.counts);
	json_close_object(&output->json);
	emit_cost(&output->json, &output->total.cost);
	json_bool(&output->json, "complete", complete);
	json_close_object(&output->json);
	json_end(&output->json);
	return STATUS_OK;
}

static bool is_same_process(const struct vma *vma, const struct vma *first)
{
	return vma->pid == first->pid && vma->start_ns == first->start_ns;
}

/* @first is the first mapping of the process. */
static enum status put_out(struct source *source, const struct vma *first,
			   const struct pid_watch *watch, const struct request *request)
{
	enum source_result result = SOURCE_GOT;
	enum status status, end_status;
	struct vma vma = *first;
	struct output output;

	status = output_begin(&output, first, request);
	if (status)
		return status;
	while (result == SOURCE_GOT && is_same_process(&vma, first)) {
		result = output_vma(&output, &vma) ? source_next_vma(source, &vma) : SOURCE_FAILED;
	}
	if (result == SOURCE_CUT_OFF)
		pid_watch_say_why_cut_off(watch);
	if (result == SOURCE_CUT_OFF || result == SOURCE_FAILED)
		status = STATUS_FAILURE;
	end_status = output_end(&output, !status);
	return status ?: end_status;
}

static enum status maps(struct source *source, pid_t pid, const struct request *request)
{
	enum status status = STATUS_FAILURE;
	enum source_result result;
	struct pid_watch watch;
	struct vma vma;

	pid_watch_begin(&watch, pid);
	result = source_first_vma(source, pid, &vma);
	if (result == SOURCE_GOT && vma.pid == pid)
		status = put_out(source, &vma, &watch, request);
	else if (result == SOURCE_NOT_PERMITTED)
		status = STATUS_NOT_PERMITTED;
	else if (result != SOURCE_FAILED)
		source_say_why_missing(source, pid);
	pid_watch_end(&watch);
	return status;
}

static enum status run(const struct request *request, char **operands, int count)
{
	struct source *source;
	enum status status;
	pid_t pid;

	(void)count;
	if (!pid_parse(operands[0], &pid)) {
		say_usage("maps", "'%s' is not a process id", operands[0]);
		return STATUS_USAGE;
	}
	status = request->by ? groups_check(request) : STATUS_OK;
	if (status)
		return status;
	status = source_open(&source, request);
	if (status)
		return status;
	status = maps(source, pid, request);
	source_close(source);
	return status;
}

const struct command maps_command = {
	.name = "maps",
	.operands = "PID",
	.summary = "every mapping of a process",
	.details = "One row for each mapping, by address, and their sum; with --by, a row for each\n"
		   "file, class or object (inode), the one with the most memory first.\n"
		   "'memclass classes' explains classes and columns.\n",
	.options = OPTION_JSON | OPTION_TABLE | OPTION_SOURCE | OPTION_CHEAP | OPTION_GROUP,
	.min_operands = 1,
	.max_operands = 1,
	.listing = &maps_listing,
	.run = run,
};
