// SPDX-License-Identifier: GPL-2.0
#include "watch_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "emit.h"
#include "findings.h"
#include "say.h"
#include "text.h"
#include "units.h"

#define HOUR	3600

static uint64_t percent(double part)
{
	if (part <= 0)
		return 0;
	return part >= 1 ? 100 : part * 100 + 0.5;
}

/* Up or down, whichever is wanted; otherwise 0. */
static uint64_t an_hour(const struct growth_finding *finding, bool down)
{
	double rate = finding->trend.per_second * HOUR * (down ? -1 : 1);

	return rate > 0 ? rate + 0.5 : 0;
}

/*
 * The fields.
 */

static void get_pid(const void *item, struct cell *cell)
{
	const struct finding *row = item;

	if (finding_is_machine(row))
		cell_text(cell, "all");
	else
		cell_number(cell, row->subject->pid);
}

static void get_comm(const void *item, struct cell *cell)
{
	const struct finding *row = item;

	cell_text(cell, finding_is_machine(row) ? "the machine" : row->subject->comm);
}

static void get_processes(const void *item, struct cell *cell)
{
	const struct finding *row = item;

	if (!finding_is_machine(row))
		cell_number(cell, row->subject->processes);
}

static void get_class(const void *item, struct cell *cell)
{
	char buffer[CLASS_NAME_MAX];

	cell_format(cell, "%s", finding_name(item, buffer));
}

static void get_amount(const struct finding *row, uint64_t amount, struct cell *cell)
{
	if (amount == GROWTH_NOT_COUNTED)
		cell->kind = CELL_UNKNOWN;
	else if (finding_in_bytes(&row->growth))
		cell_bytes(cell, amount);
	else
		cell_number(cell, amount);
}

static void get_now(const void *item, struct cell *cell)
{
	const struct finding *row = item;

	get_amount(row, row->growth.now, cell);
}

static void get_figure(const void *item, struct cell *cell)
{
	const struct finding *row = item;

	cell_text(cell, growth_figure_names[row->growth.figure]);
	/* Worth a column as soon as it is not the size of all of them. */
	cell->number = row->growth.figure != GROWTH_SIZE;
}

static void get_rate(const void *item, struct cell *cell)
{
	const struct finding *row = item;

	get_amount(row, an_hour(&row->growth, false), cell);
}

static void get_fall(const void *item, struct cell *cell)
{
	const struct finding *row = item;

	get_amount(row, an_hour(&row->growth, true), cell);
}

static void get_fit(const void *item, struct cell *cell)
{
	cell_number(cell, percent(((const struct finding *)item)->growth.trend.fit));
}

static void get_share(const void *item, struct cell *cell)
{
	cell_number(cell, percent(((const struct finding *)item)->share));
}

static void get_faults(const void *item, struct cell *cell)
{
	cell_number(cell, ((const struct finding *)item)->growth.faults_per_second + 0.5);
}

static void get_verdict(const void *item, struct cell *cell)
{
	cell_text(cell, verdicts[((const struct finding *)item)->growth.verdict].name);
}

static void get_sure(const void *item, struct cell *cell)
{
	const struct finding *row = item;

	if (finding_is_suspected(row))
		cell_number(cell, percent(row->growth.trend.confidence));
}

static void get_left(const void *item, struct cell *cell)
{
	const struct finding *row = item;

	if (!row->left.limited)
		return;
	cell->kind = CELL_SECONDS;
	cell->number = row->left.seconds;
}

static void get_limit(const void *item, struct cell *cell)
{
	const struct finding *row = item;

	if (row->left.limited)
		cell_text(cell, row->left.limit);
}

static const struct field fields[] = {
	{ .name = "pid", .help = "process id", .get = get_pid, .ascending = true },
	{ .name = "comm", .heading = "COMMAND", .help = "name", .get = get_comm, .left = true },
	{ .name = "processes", .help = "how many of that name", .get = get_processes },
	{ .name = "class", .help = "what grows", .get = get_class, .left = true },
	{
		.name = "figure",
		.help = "size, firm, virt or vmas: what NOW and RATE are of",
		.get = get_figure,
		.left = true,
	},
	{ .name = "now", .help = "what that is now", .get = get_now },
	{
		.name = "rate",
		.heading = "RATE/H",
		.help = "what it grows an hour",
		.get = get_rate,
	},
	{ .name = "fall", .heading = "FALL/H", .help = "or falls", .get = get_fall },
	{
		.name = "fit",
		.heading = "FIT%",
		.help = "of samples that differ: those that rise, less those that fall",
		.get = get_fit,
	},
	{
		.name = "share",
		.heading = "SHARE%",
		.help = "of all growth that was seen",
		.get = get_share,
	},
	{
		.name = "faults",
		.heading = "FAULTS/S",
		.help = "page faults a second",
		.get = get_faults,
	},
	{ .name = "verdict", .help = "what it looks like", .get = get_verdict, .left = true },
	{
		.name = "sure",
		.heading = "SURE%",
		.help = "confidence in a suspicion",
		.get = get_sure,
	},
	{ .name = "left", .help = "time to the nearest limit at this rate", .get = get_left },
	{ .name = "limit", .help = "which limit", .get = get_limit, .left = true },
};

const struct listing watch_listing = {
	.fields = fields,
	.nr_fields = sizeof(fields) / sizeof(fields[0]),
	.defaults = "pid,comm,class,figure?,now,rate,fall?,fit,share,faults?,verdict,sure,left?",
};

/*
 * As a table, and in words.
 */

static bool is_shown(const struct watch *watch, const struct finding *row)
{
	return watch->chosen || watch->request->raw ||
	       (row->growth.verdict != VERDICT_STEADY && row->growth.trend.rise > 0);
}

static void print_title(const struct watch *watch)
{
	const size_t seen = subjects_seen(&watch->subjects);

	printf("%" PRIu64 " samples of %zu process%s in %.0fs", watch->samples, seen,
	       seen == 1 ? "" : "es", watch->seconds);
	if (watch->subjects.hidden_most)
		printf("; left out, with classes that are not known: %zu",
		       watch->subjects.hidden_most);
	putchar('\n');
}

/* "3.1M an hour", "12 mappings an hour" */
static void print_rate(const struct growth_finding *finding)
{
	static const char *const units[NR_GROWTH_FIGURES] = {
		[GROWTH_SIZE] = "",
		[GROWTH_FIRM] = "",
		[GROWTH_VIRT] = " of address space",
		[GROWTH_VMAS] = " mappings",
	};
	uint64_t amount = an_hour(finding, false);
	char rate[UNITS_MAX];

	if (finding_in_bytes(finding))
		units_bytes(rate, amount);
	else
		snprintf(rate, sizeof(rate), "%" PRIu64, amount);
	printf("%s%s an hour", rate, units[finding->figure]);
}

static void print_reason(const struct finding *row)
{
	const struct verdict_text *verdict = &verdicts[row->growth.verdict];
	char comm[TEXT_ESCAPED(sizeof(row->subject->comm))];
	char class[CLASS_NAME_MAX], left[UNITS_MAX];
	char cgroup[TEXT_ESCAPED(sizeof(row->left.cgroup))];

	if (finding_is_machine(row))
		printf("\n%s suspected in the machine: ", verdict->name);
	else
		printf("\n%s suspected in %s (%d): ", verdict->name,
		       text_escape(comm, sizeof(comm), row->subject->comm), row->subject->pid);
	printf("%s, ", finding_name(row, class));
	print_rate(&row->growth);
	printf("\n  seen:        %s\n  to be sure:  %s\n", verdict->seen, verdict->to_be_sure);
	if (row->left.limited)
		printf("  time left:   %s to the limit, %s%s%s\n",
		       units_age(left, row->left.seconds), row->left.limit,
		       *row->left.cgroup ? " of " : "",
		       text_escape(cgroup, sizeof(cgroup), row->left.cgroup));
}

static void print_reasons(const struct findings *rows)
{
	size_t i;

	if (!rows->suspected)
		printf("\nnothing suspected\n");
	for (i = 0; i < rows->suspected; i++)
		if (finding_is_most_urgent(rows, i))
			print_reason(&rows->all[i]);
}

static enum status print_table(const struct watch *watch, const struct findings *rows)
{
	bool notes = !watch->request->raw && !watch->request->no_headings;
	enum status status;
	struct table *table;
	size_t i;

	if (notes)
		print_title(watch);
	status = table_open(&table, &watch_listing, watch->request);
	if (status)
		return status;
	for (i = 0; i < rows->count; i++) {
		if (is_shown(watch, &rows->all[i]))
			table_row(table, &rows->all[i]);
	}
	status = table_close(table);
	if (notes)
		print_reasons(rows);
	return status;
}

/*
 * As JSON.
 */

static void emit_amount(struct json *json, const char *key, uint64_t amount)
{
	if (amount == GROWTH_NOT_COUNTED)
		json_null(json, key);
	else
		json_number(json, key, amount);
}

static void emit_limit(struct json *json, const struct finding *row)
{
	const struct time_left *left = &row->left;

	if (!left->limited) {
		json_null(json, "limit");
		return;
	}
	json_open_object(json, "limit");
	json_string(json, "name", left->limit);
	if (*left->cgroup)
		json_string(json, "cgroup", left->cgroup);
	else
		json_null(json, "cgroup");
	json_number(json, "room", left->room);
	json_number(json, "seconds_left", left->seconds);
	json_close_object(json);
}

static void emit_row(struct json *json, const struct finding *row)
{
	const struct growth_finding *finding = &row->growth;
	char buffer[CLASS_NAME_MAX];

	json_open_object(json, NULL);
	if (finding_is_machine(row)) {
		json_null(json, "pid");
		json_null(json, "comm");
	} else {
		json_number(json, "pid", row->subject->pid);
		json_string(json, "comm", row->subject->comm);
		json_number(json, "start_ns", row->subject->start_ns);
		json_number(json, "processes", row->subject->processes);
	}
	json_string(json, "class", finding_name(row, buffer));
	json_string(json, "figure", growth_figure_names[finding->figure]);
	emit_amount(json, "now", finding->now);
	json_number(json, "rate", an_hour(finding, false));
	json_number(json, "fall", an_hour(finding, true));
	json_number(json, "fit", percent(finding->trend.fit));
	json_number(json, "share", percent(row->share));
	json_number(json, "faults_an_hour", finding->faults_per_second * HOUR + 0.5);
	json_string(json, "verdict", verdicts[finding->verdict].name);
	json_bool(json, "suspected", finding_is_suspected(row));
	json_number(json, "confidence", percent(finding->trend.confidence));
	json_string(json, "to_be_sure", verdicts[finding->verdict].to_be_sure);
	emit_limit(json, row);
	json_close_object(json);
}

static void print_json(const struct watch *watch, const struct findings *rows)
{
	struct json json;
	size_t i;

	json_begin(&json, stdout);
	json_open_object(&json, NULL);
	json_number(&json, "schema", JSON_SCHEMA);
	json_number(&json, "samples", watch->samples);
	json_number(&json, "watched_ns", watch->seconds * 1e9);
	json_number(&json, "left_out", watch->subjects.hidden_most);
	json_number(&json, "suspected", rows->suspected);
	json_open_array(&json, "findings");
	for (i = 0; i < rows->count; i++) {
		json_line(&json);
		emit_row(&json, &rows->all[i]);
	}
	json_line(&json);
	json_close_array(&json);
	json_close_object(&json);
	json_end(&json);
}

enum status watch_report(const struct watch *watch)
{
	enum status status = STATUS_OK;
	struct findings rows = { 0 };

	if (!findings_read(&rows, &watch->subjects, watch->samples))
		status = STATUS_FAILURE;
	else if (watch->request->json)
		print_json(watch, &rows);
	else
		status = print_table(watch, &rows);
	if (!status && rows.suspected)
		status = STATUS_SUSPECTED;
	findings_free(&rows);
	return status;
}
