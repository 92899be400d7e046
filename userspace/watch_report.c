// SPDX-License-Identifier: GPL-2.0
#include "watch_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "emit.h"
#include "limit.h"
#include "say.h"
#include "text.h"
#include "units.h"

#define HOUR	3600

/* A finding, and what there is to say of it beside. */
struct row {
	const struct subject *subject;
	struct growth_finding finding;
	double share;			/* of all growth that was seen */
	bool limited;
	struct limit limit;
};

struct rows {
	struct row *all;
	size_t count;
	size_t suspected;
};

static bool is_suspected(const struct row *row)
{
	return verdicts[row->finding.verdict].suspected;
}

static bool is_machine(const struct row *row)
{
	return !row->subject->pid;
}

/* Threads and mappings are counted, all else is in bytes. */
static bool in_bytes(const struct growth_finding *finding)
{
	return finding->row != GROWTH_THREADS && finding->figure != GROWTH_VMAS;
}

/* What is no class. */
static const char *const names[GROWTH_ROWS] = {
	[GROWTH_THREADS] = "threads",
	[GROWTH_PAGE_TABLES] = "page-tables",
	[GROWTH_SHMEM] = "unmapped-shmem",
	[GROWTH_SLAB] = "slab",
	[GROWTH_RESIDUE] = "residue",
};

static const char *name_of(const struct row *row, char buffer[CLASS_NAME_MAX])
{
	return names[row->finding.row] ?: class_name(buffer, row->finding.row);
}

static const char *const figure_names[NR_GROWTH_FIGURES] = {
	[GROWTH_SIZE] = "size",
	[GROWTH_FIRM] = "firm",
	[GROWTH_VIRT] = "virt",
	[GROWTH_VMAS] = "vmas",
};

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
	const struct row *row = item;

	if (is_machine(row))
		cell_text(cell, "all");
	else
		cell_number(cell, row->subject->pid);
}

static void get_comm(const void *item, struct cell *cell)
{
	const struct row *row = item;

	cell_text(cell, is_machine(row) ? "the machine" : row->subject->comm);
}

static void get_processes(const void *item, struct cell *cell)
{
	const struct row *row = item;

	if (!is_machine(row))
		cell_number(cell, row->subject->processes);
}

static void get_class(const void *item, struct cell *cell)
{
	char buffer[CLASS_NAME_MAX];

	cell_format(cell, "%s", name_of(item, buffer));
}

static void get_amount(const struct row *row, uint64_t amount, struct cell *cell)
{
	if (amount == GROWTH_NOT_COUNTED)
		cell->kind = CELL_UNKNOWN;
	else if (in_bytes(&row->finding))
		cell_bytes(cell, amount);
	else
		cell_number(cell, amount);
}

static void get_now(const void *item, struct cell *cell)
{
	const struct row *row = item;

	get_amount(row, row->finding.now, cell);
}

static void get_figure(const void *item, struct cell *cell)
{
	const struct row *row = item;

	cell_text(cell, figure_names[row->finding.figure]);
	/* Worth a column as soon as it is not the size of all of them. */
	cell->number = row->finding.figure != GROWTH_SIZE;
}

static void get_rate(const void *item, struct cell *cell)
{
	const struct row *row = item;

	get_amount(row, an_hour(&row->finding, false), cell);
}

static void get_fall(const void *item, struct cell *cell)
{
	const struct row *row = item;

	get_amount(row, an_hour(&row->finding, true), cell);
}

static void get_fit(const void *item, struct cell *cell)
{
	cell_number(cell, percent(((const struct row *)item)->finding.trend.fit));
}

static void get_share(const void *item, struct cell *cell)
{
	cell_number(cell, percent(((const struct row *)item)->share));
}

static void get_faults(const void *item, struct cell *cell)
{
	cell_number(cell, ((const struct row *)item)->finding.faults_per_second + 0.5);
}

static void get_verdict(const void *item, struct cell *cell)
{
	cell_text(cell, verdicts[((const struct row *)item)->finding.verdict].name);
}

static void get_sure(const void *item, struct cell *cell)
{
	const struct row *row = item;

	if (is_suspected(row))
		cell_number(cell, percent(row->finding.trend.confidence));
}

static void get_left(const void *item, struct cell *cell)
{
	const struct row *row = item;

	if (!row->limited)
		return;
	cell->kind = CELL_SECONDS;
	cell->number = row->limit.seconds;
}

static void get_limit(const void *item, struct cell *cell)
{
	const struct row *row = item;

	if (row->limited)
		cell_text(cell, row->limit.name);
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
 * What was found.
 */

static bool add_rows(struct rows *rows, const struct subject *subject, uint64_t samples)
{
	struct growth_finding findings[GROWTH_ROWS];
	size_t count = growth_judge(subject->growth, samples, findings), i;
	struct row *more, *row;

	more = realloc(rows->all, (rows->count + count + 1) * sizeof(*more));
	if (!more)
		return false;
	rows->all = more;
	for (i = 0; i < count; i++) {
		row = &rows->all[rows->count++];
		*row = (struct row) { .subject = subject, .finding = findings[i] };
		rows->suspected += is_suspected(row);
		row->limited = is_suspected(row) &&
			       limit_nearest(subject->pid, &row->finding, &row->limit);
	}
	return true;
}

/* Bytes that are in no other row as well. */
static double growth_of(const struct row *row)
{
	if (row->finding.row == GROWTH_THREADS || row->finding.size_per_second < 0)
		return 0;
	return row->finding.size_per_second;
}

static void find_shares(struct rows *rows)
{
	double all = 0;
	size_t i;

	for (i = 0; i < rows->count; i++)
		all += growth_of(&rows->all[i]);
	for (i = 0; all > 0 && i < rows->count; i++)
		rows->all[i].share = growth_of(&rows->all[i]) / all;
}

/* What is suspected first, then what grows most. */
static int compare(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	double rate_a = a->finding.size_per_second, rate_b = b->finding.size_per_second;

	if (is_suspected(a) != is_suspected(b))
		return is_suspected(b) - is_suspected(a);
	if (rate_a != rate_b)
		return rate_a < rate_b ? 1 : -1;
	if (a->subject->pid != b->subject->pid)
		return a->subject->pid < b->subject->pid ? -1 : 1;
	return (int)a->finding.row - (int)b->finding.row;
}

static bool find_rows(const struct watch *watch, struct rows *rows)
{
	size_t i;

	for (i = 0; i < watch->subjects.count; i++) {
		if (!add_rows(rows, watch->subjects.all[i], watch->samples)) {
			say_error("out of memory");
			return false;
		}
	}
	find_shares(rows);
	if (rows->count)
		qsort(rows->all, rows->count, sizeof(*rows->all), compare);
	return true;
}

/*
 * As a table, and in words.
 */

static bool is_shown(const struct watch *watch, const struct row *row)
{
	return watch->chosen || watch->request->raw ||
	       (row->finding.verdict != VERDICT_STEADY && row->finding.trend.rise > 0);
}

static void print_title(const struct watch *watch)
{
	printf("%" PRIu64 " samples of %zu process%s in %.0fs\n", watch->samples,
	       subjects_alive(&watch->subjects),
	       subjects_alive(&watch->subjects) == 1 ? "" : "es", watch->seconds);
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

	if (in_bytes(finding))
		units_bytes(rate, amount);
	else
		snprintf(rate, sizeof(rate), "%" PRIu64, amount);
	printf("%s%s an hour", rate, units[finding->figure]);
}

static void print_reason(const struct row *row)
{
	const struct verdict_text *verdict = &verdicts[row->finding.verdict];
	char comm[TEXT_ESCAPED(sizeof(row->subject->comm))];
	char class[CLASS_NAME_MAX], left[UNITS_MAX];

	if (is_machine(row))
		printf("\n%s suspected in the machine: ", verdict->name);
	else
		printf("\n%s suspected in %s (%d): ", verdict->name,
		       text_escape(comm, sizeof(comm), row->subject->comm), row->subject->pid);
	printf("%s, ", name_of(row, class));
	print_rate(&row->finding);
	printf("\n  seen:        %s\n  to be sure:  %s\n", verdict->seen, verdict->to_be_sure);
	if (row->limited)
		printf("  time left:   %s to the limit, %s\n",
		       units_age(left, row->limit.seconds), row->limit.name);
}

/* Several rows can be about the same leak: a thread has more than one mapping. */
static bool is_same_leak(const struct row *a, const struct row *b)
{
	return a->subject == b->subject && a->finding.verdict == b->finding.verdict;
}

/* Nothing else limits it: as good as never. */
static double seconds_left(const struct row *row)
{
	return row->limited ? row->limit.seconds : HUGE_VAL;
}

/* The row of a leak that runs into a limit first stands for all of them. */
static bool is_most_urgent(const struct rows *rows, size_t i)
{
	const struct row *row = &rows->all[i], *other;

	for (other = rows->all; other < rows->all + rows->suspected; other++) {
		if (!is_same_leak(row, other))
			continue;
		if (seconds_left(other) < seconds_left(row) ||
		    (other < row && seconds_left(other) == seconds_left(row)))
			return false;
	}
	return true;
}

static void print_reasons(const struct rows *rows)
{
	size_t i;

	if (!rows->suspected)
		printf("\nnothing suspected\n");
	for (i = 0; i < rows->suspected; i++)
		if (is_most_urgent(rows, i))
			print_reason(&rows->all[i]);
}

static enum status print_table(const struct watch *watch, const struct rows *rows)
{
	bool notes = !watch->request->raw && !watch->request->no_headings;
	enum status status;
	struct table *table;
	size_t i, shown = 0;

	if (notes)
		print_title(watch);
	status = table_open(&table, &watch_listing, watch->request);
	if (status)
		return status;
	for (i = 0; i < rows->count; i++) {
		if (!is_shown(watch, &rows->all[i]))
			continue;
		table_row(table, &rows->all[i]);
		shown++;
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

static void emit_limit(struct json *json, const struct row *row)
{
	if (!row->limited) {
		json_null(json, "limit");
		return;
	}
	json_open_object(json, "limit");
	json_string(json, "name", row->limit.name);
	json_number(json, "room", row->limit.room);
	json_number(json, "seconds_left", row->limit.seconds);
	json_close_object(json);
}

static void emit_row(struct json *json, const struct row *row)
{
	const struct growth_finding *finding = &row->finding;
	char buffer[CLASS_NAME_MAX];

	json_open_object(json, NULL);
	if (is_machine(row)) {
		json_null(json, "pid");
		json_null(json, "comm");
	} else {
		json_number(json, "pid", row->subject->pid);
		json_string(json, "comm", row->subject->comm);
		json_number(json, "start_ns", row->subject->start_ns);
		json_number(json, "processes", row->subject->processes);
	}
	json_string(json, "class", name_of(row, buffer));
	json_string(json, "figure", figure_names[finding->figure]);
	emit_amount(json, "now", finding->now);
	json_number(json, "rate", an_hour(finding, false));
	json_number(json, "fall", an_hour(finding, true));
	json_number(json, "fit", percent(finding->trend.fit));
	json_number(json, "share", percent(row->share));
	json_number(json, "faults_an_hour", finding->faults_per_second * HOUR + 0.5);
	json_string(json, "verdict", verdicts[finding->verdict].name);
	json_bool(json, "suspected", is_suspected(row));
	json_number(json, "confidence", percent(finding->trend.confidence));
	json_string(json, "to_be_sure", verdicts[finding->verdict].to_be_sure);
	emit_limit(json, row);
	json_close_object(json);
}

static void print_json(const struct watch *watch, const struct rows *rows)
{
	struct json json;
	size_t i;

	json_begin(&json, stdout);
	json_open_object(&json, NULL);
	json_number(&json, "schema", JSON_SCHEMA);
	json_number(&json, "samples", watch->samples);
	json_number(&json, "watched_ns", watch->seconds * 1e9);
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
	struct rows rows = { 0 };

	if (!find_rows(watch, &rows))
		status = STATUS_FAILURE;
	else if (watch->request->json)
		print_json(watch, &rows);
	else
		status = print_table(watch, &rows);
	if (!status && rows.suspected)
		status = STATUS_SUSPECTED;
	free(rows.all);
	return status;
}
