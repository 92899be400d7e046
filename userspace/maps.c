// SPDX-License-Identifier: GPL-2.0
/* memclass maps PID: every mapping of a process. */
#include <stdio.h>
#include <sys/mman.h>

#include "command.h"
#include "emit.h"
#include "maps_group.h"
#include "pid.h"
#include "say.h"
#include "source.h"
#include "table.h"

/* A row of the table: a mapping, or their sum. */
struct row {
	const struct vma *vma;		/* NULL for the sum */
	const struct counts *counts;
};

static const struct vma *vma_of(const void *item)
{
	return ((const struct row *)item)->vma;
}

static void get_start(const void *item, struct cell *cell)
{
	const struct vma *vma = vma_of(item);

	if (vma)
		cell_format(cell, "%llx", (unsigned long long)vma->start);
	else
		cell_text(cell, "total");
}

static void get_end(const void *item, struct cell *cell)
{
	const struct vma *vma = vma_of(item);

	if (vma)
		cell_format(cell, "%llx", (unsigned long long)vma->end);
}

static void get_perms(const void *item, struct cell *cell)
{
	const struct vma *vma = vma_of(item);

	if (vma)
		cell_format(cell, "%c%c%c%c", vma->prot & PROT_READ ? 'r' : '-',
			    vma->prot & PROT_WRITE ? 'w' : '-',
			    vma->prot & PROT_EXEC ? 'x' : '-', vma->shared ? 's' : 'p');
}

static void get_class(const void *item, struct cell *cell)
{
	const struct vma *vma = vma_of(item);
	char name[CLASS_NAME_MAX];

	if (vma)
		cell_format(cell, "%s", class_name(name, vma->class));
}

static void get_type(const void *item, struct cell *cell)
{
	const struct vma *vma = vma_of(item);

	if (!vma)
		return;
	cell->kind = CELL_UNKNOWN;
	if (class_type_name(vma->class))
		cell_text(cell, class_type_name(vma->class));
}

static void get_offset(const void *item, struct cell *cell)
{
	const struct vma *vma = vma_of(item);

	if (vma)
		cell_format(cell, "%llx", (unsigned long long)vma->offset);
}

static void get_dev(const void *item, struct cell *cell)
{
	const struct vma *vma = vma_of(item);

	if (vma)
		cell_format(cell, "%02x:%02x", vma->dev_major, vma->dev_minor);
}

static void get_inode(const void *item, struct cell *cell)
{
	const struct vma *vma = vma_of(item);

	if (vma)
		cell_number(cell, vma->inode);
}

static void get_name(const void *item, struct cell *cell)
{
	const struct vma *vma = vma_of(item);

	if (vma && vma->name_cut)
		cell_format(cell, "...%s", vma->name);
	else if (vma)
		cell_text(cell, vma->name);
}

static const struct counts *get_counts(const void *item)
{
	return ((const struct row *)item)->counts;
}

static const struct field fields[] = {
	{ .name = "start", .help = "first address", .get = get_start },
	{ .name = "end", .help = "address after the last", .get = get_end },
	{ .name = "perms", .help = "read, write, execute, shared or private", .get = get_perms, .left = true },
	{ .name = "class", .help = "finer kind of the mapping", .get = get_class, .left = true },
	{ .name = "type", .help = "how it was asked for", .get = get_type, .left = true },
	{ .name = "offset", .help = "in the file", .get = get_offset },
	{ .name = "dev", .help = "device of the file", .get = get_dev },
	{ .name = "inode", .help = "of the file", .get = get_inode },
	{ .name = "name", .help = "its file, or name", .get = get_name, .left = true, .cut = true },
	COUNTED_FIELDS
};

static const struct listing maps_listing = {
	.fields = fields,
	.nr_fields = sizeof(fields) / sizeof(fields[0]),
	.counts = get_counts,
	.defaults = "start,virt,perms,class,rss,pss,dirty,cow,swap,name",
};

/* Where mappings go as they come: there may be a million. */
struct output {
	const struct request *request;
	struct groups *groups;		/* with --by they are summed up before */
	struct table *table;		/* or, when it is NULL: */
	struct json json;
	struct counts total;
	struct cost cost;
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
	counts_clear(&output->total);
	output->cost = (struct cost) { 0 };
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
	struct row row = { vma, &vma->counts };

	counts_add(&output->total, &vma->counts);
	cost_add(&output->cost, &vma->cost);
	if (output->groups)
		return groups_add(output->groups, vma);
	if (output->table) {
		table_row(output->table, &row);
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
		status = groups_print(output->groups, output->request, &output->total);
	groups_free(output->groups);
	return status;
}

static enum status output_end(struct output *output, bool complete)
{
	struct row row = { NULL, &output->total };
	enum status status;

	if (output->groups) {
		status = end_groups(output, complete);
		if (status || !output->request->json)
			return status;
	}
	if (output->table) {
		if (complete)
			table_row(output->table, &row);
		return table_close(output->table);
	}
	json_line(&output->json);
	json_close_array(&output->json);
	json_open_object(&output->json, "total");
	emit_counts(&output->json, &output->total);
	json_close_object(&output->json);
	emit_cost(&output->json, &output->cost);
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
