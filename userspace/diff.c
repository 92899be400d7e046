// SPDX-License-Identifier: GPL-2.0
/* memclass diff A [B]: what changed from one capture to another, or within one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "change.h"
#include "class_row.h"
#include "command.h"
#include "emit.h"
#include "say.h"
#include "table.h"

/* What is compared when nobody says what; the second where the first is not known. */
static const uint64_t usual[] = { COLUMN_BIT(pss), COLUMN_BIT(rss) };

struct row {
	const struct change *change;	/* NULL: the sum */
	uint64_t before;
	uint64_t after;
};

static void get_change(const void *item, struct cell *cell)
{
	const struct row *row = item;

	cell_change(cell, row->after - row->before);
}

static void get_before(const void *item, struct cell *cell)
{
	cell_bytes(cell, ((const struct row *)item)->before);
}

static void get_after(const void *item, struct cell *cell)
{
	cell_bytes(cell, ((const struct row *)item)->after);
}

static void get_pid(const void *item, struct cell *cell)
{
	const struct row *row = item;

	if (row->change && row->change->pid)
		cell_number(cell, row->change->pid);
}

static void get_comm(const void *item, struct cell *cell)
{
	const struct row *row = item;

	if (!row->change)
		return;
	cell->number = *row->change->comm;
	cell_text(cell, row->change->comm);
}

static void get_class(const void *item, struct cell *cell)
{
	const struct row *row = item;
	char name[CLASS_NAME_MAX];

	cell_format(cell, "%s", row->change ? class_name(name, row->change->class) : "total");
}

static void get_type(const void *item, struct cell *cell)
{
	const struct row *row = item;
	const char *type = row->change ? class_type_name(row->change->class) : NULL;

	if (type)
		cell_text(cell, type);
}

static void get_state(const void *item, struct cell *cell)
{
	const struct row *row = item;

	cell->number = row->change && *change_state(row->change);
	cell_text(cell, row->change ? change_state(row->change) : "");
}

/* Of the sum nothing but what is compared. */
static const struct counts *get_counts(const void *item)
{
	static const struct counts unknown;
	const struct row *row = item;

	return row->change ? &row->change->after : &unknown;
}

static const struct field fields[] = {
	{ .name = "change", .help = "of the column that is compared", .get = get_change },
	{ .name = "before", .help = "what it was", .get = get_before },
	{ .name = "after", .help = "what it is", .get = get_after },
	{ .name = "pid", .help = "process id", .get = get_pid },
	{ .name = "comm", .heading = "COMMAND", .help = "name", .get = get_comm, .left = true },
	{ .name = "class", .help = "finer kind of memory", .get = get_class, .left = true },
	{ .name = "type", .help = "how it was asked for", .get = get_type, .left = true },
	{
		.name = "state",
		.help = "new: was not there before; gone: is no longer",
		.get = get_state,
		.left = true,
	},
	COUNTED_FIELDS
};

static const struct listing diff_listing = {
	.fields = fields,
	.nr_fields = sizeof(fields) / sizeof(fields[0]),
	.counts = get_counts,
	.defaults = "change,before,after,pid?,comm?,class,state?",
};

/*
 * The two sides.
 */

struct sides {
	struct snapshot before;
	struct snapshot after;
	struct capture_sample times[2];
	char boots[2][64];
	char hosts[2][256];
};

static void take_facts(struct sides *sides, unsigned int side, struct source *source)
{
	snprintf(sides->boots[side], sizeof(sides->boots[side]), "%s",
		 capture_fact(source, FACT_BOOT) ?: "");
	snprintf(sides->hosts[side], sizeof(sides->hosts[side]), "%s",
		 capture_fact(source, FACT_HOST) ?: "");
}

/* The last sample of each. */
static enum status load_two(struct sides *sides, char **paths)
{
	struct snapshot *const snapshots[] = { &sides->before, &sides->after };
	struct source *source;
	enum status status;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		status = source_open_capture(&source, paths[i]);
		if (status)
			return status;
		take_facts(sides, i, source);
		sides->times[i] = *capture_choose(source, capture_nr_samples(source) - 1);
		status = snapshot_take(snapshots[i], source);
		source_close(source);
		if (status)
			return status;
	}
	return STATUS_OK;
}

/* The first sample and the last one. */
static enum status load_one(struct sides *sides, const char *path)
{
	struct source *source;
	enum status status;

	status = source_open_capture(&source, path);
	if (status)
		return status;
	take_facts(sides, 0, source);
	take_facts(sides, 1, source);
	sides->times[0] = *capture_choose(source, 0);
	status = snapshot_take(&sides->before, source);
	sides->times[1] = *capture_choose(source, capture_nr_samples(source) - 1);
	if (!status)
		status = snapshot_take(&sides->after, source);
	if (!status && capture_nr_samples(source) < 2) {
		say_error("%s has one sample: nothing to compare it with", path);
		status = STATUS_FAILURE;
	}
	source_close(source);
	return status;
}

static bool is_same_boot(const struct sides *sides)
{
	return *sides->boots[0] && !strcmp(sides->boots[0], sides->boots[1]);
}

/*
 * What comes out.
 */

static bool is_known(const struct changes *changes, uint64_t columns)
{
	uint64_t before, after;
	size_t i;

	if (changes->left_out && !changes->count)
		return false;
	for (i = 0; i < changes->count; i++)
		if (!change_get(&changes->all[i], columns, &before, &after))
			return false;
	return true;
}

/* Which figures are compared; 0: those that were asked for are not all known. */
static uint64_t choose_columns(const struct changes *changes, const struct request *request)
{
	uint64_t asked = 0;
	size_t i;

	if (request->sort)
		asked = listing_find(&diff_listing, request->sort)->counted;
	for (i = 0; !request->sort && i < sizeof(usual) / sizeof(usual[0]) && !asked; i++)
		if (is_known(changes, usual[i]))
			asked = usual[i];
	return is_known(changes, asked) ? asked : 0;
}

static struct row make_row(const struct change *change, uint64_t columns)
{
	struct row row = { .change = change };

	change_get(change, columns, &row.before, &row.after);
	return row;
}

static const char *name_of(uint64_t columns)
{
	size_t i;

	for (i = 0; i < diff_listing.nr_fields; i++)
		if (fields[i].counted == columns)
			return fields[i].name;
	return "";
}

static void print_notes(const struct changes *changes, const struct sides *sides,
			uint64_t columns)
{
	double seconds = ((double)sides->times[1].unix_ns - sides->times[0].unix_ns) / 1e9;

	printf("%s by class, after %.0f s", name_of(columns), seconds);
	if (!is_same_boot(sides))
		printf("; not the same boot, hence by name");
	if (changes->left_out)
		printf("; left out, with classes that are not known: %zu", changes->left_out);
	putchar('\n');
}

static enum status print_table(const struct changes *changes, const struct sides *sides,
			       uint64_t columns, const struct request *request)
{
	struct row total = { 0 }, row;
	enum status status;
	struct table *table;
	size_t i;

	status = table_open(&table, &diff_listing, request);
	if (status)
		return status;
	if (!request->raw && !request->no_headings)
		print_notes(changes, sides, columns);
	for (i = 0; i < changes->count; i++) {
		row = make_row(&changes->all[i], columns);
		total.before += row.before;
		total.after += row.after;
		table_row(table, &row);
	}
	table_row(table, &total);
	return table_close(table);
}

static void emit_change(struct json *json, const struct change *change, uint64_t columns)
{
	struct row row = make_row(change, columns);
	char name[CLASS_NAME_MAX];

	json_line(json);
	json_open_object(json, NULL);
	if (change->pid) {
		json_number(json, "pid", change->pid);
		json_number(json, "start_ns", change->start_ns);
	}
	if (*change->comm)
		json_string(json, "comm", change->comm);
	json_string(json, "class", class_name(name, change->class));
	json_string(json, "state", *change_state(change) ? change_state(change) : "same");
	json_number(json, "before", row.before);
	json_number(json, "after", row.after);
	json_close_object(json);
}

static enum status print_json(const struct changes *changes, const struct sides *sides,
			      uint64_t columns)
{
	struct json json;
	size_t i;

	json_begin(&json, stdout);
	json_open_object(&json, NULL);
	json_number(&json, "schema", JSON_SCHEMA);
	json_number(&json, "before_unix_ns", sides->times[0].unix_ns);
	json_number(&json, "after_unix_ns", sides->times[1].unix_ns);
	json_bool(&json, "same_boot", is_same_boot(sides));
	json_string(&json, "column", name_of(columns));
	json_number(&json, "left_out", changes->left_out);
	json_open_array(&json, "changes");
	for (i = 0; i < changes->count; i++)
		emit_change(&json, &changes->all[i], columns);
	json_line(&json);
	json_close_array(&json);
	json_close_object(&json);
	json_end(&json);
	return STATUS_OK;
}

static enum status compare(const struct sides *sides, const struct request *request,
			   enum change_by by)
{
	struct changes changes;
	enum status status;
	uint64_t columns;

	if (!changes_find(&changes, &sides->before, &sides->after, by)) {
		say_error("out of memory");
		return STATUS_FAILURE;
	}
	columns = choose_columns(&changes, request);
	if (columns) {
		changes_sort(&changes, columns);
		status = request->json ? print_json(&changes, sides, columns) :
					 print_table(&changes, sides, columns, request);
	} else {
		say_error("that was not counted in both");
		status = STATUS_FAILURE;
	}
	changes_free(&changes);
	return status;
}

static bool parse_by(const char *text, enum change_by *by)
{
	static const char *const names[] = {
		[CHANGE_BY_PROCESS] = "process",
		[CHANGE_BY_NAME] = "name",
		[CHANGE_BY_CLASS] = "class",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*by = i;
		if (!strcmp(text, names[i]))
			return true;
	}
	return false;
}

static enum status check(const struct request *request, enum change_by *by)
{
	if (request->sort && !listing_find(&diff_listing, request->sort)->counted) {
		say_usage("diff", "'%s' is not counted: it cannot be compared", request->sort);
		return STATUS_USAGE;
	}
	if (request->by && !parse_by(request->by, by)) {
		say_usage("diff", "--by process, name or class, not '%s'", request->by);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

static enum status run(const struct request *request, char **operands, int count)
{
	enum change_by by = CHANGE_BY_PROCESS;
	struct sides sides = { 0 };
	enum status status = check(request, &by);

	if (status)
		return status;
	status = count == 2 ? load_two(&sides, operands) : load_one(&sides, operands[0]);
	if (!status && !request->by && !is_same_boot(&sides))
		by = CHANGE_BY_NAME;
	if (!status)
		status = compare(&sides, request, by);
	snapshot_free(&sides.before);
	snapshot_free(&sides.after);
	return status;
}

const struct command diff_command = {
	.name = "diff",
	.operands = "FILE [FILE]",
	.summary = "what changed from one capture to another",
	.details = "Compares the last samples of two captures, or the first and the last sample of\n"
		   "one: a row for each class of each process that has more or less than before,\n"
		   "the largest change first. What is compared is PSS, or what -s names.\n",
	.options = OPTION_JSON | OPTION_TABLE | OPTION_SORT | OPTION_BY,
	.min_operands = 1,
	.max_operands = 2,
	.listing = &diff_listing,
	.run = run,
};
