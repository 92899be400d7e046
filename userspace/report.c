// SPDX-License-Identifier: GPL-2.0
/* memclass report FILE: a capture as a page to read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture.h"
#include "change.h"
#include "chart.h"
#include "class_row.h"
#include "command.h"
#include "html.h"
#include "output.h"
#include "report_parts.h"
#include "say.h"
#include "timeline.h"
#include "units.h"
#include "user.h"

/* Rows of a table: the page is for people. */
#define ROWS_MAX	40

struct report {
	FILE *out;
	struct source *capture;
	struct timeline *timeline;
	struct snapshot first;
	struct snapshot last;
	const char *column;		/* "PSS" or "RSS" */
};

/*
 * Cells.
 */

static void head(struct report *report, const char *const *names, size_t count)
{
	size_t i;

	fputs("<div class=\"wide\"><table>\n<tr>", report->out);
	/* Small letters: a figure, which stands on the right. */
	for (i = 0; i < count; i++)
		fprintf(report->out, "<th%s>%s</th>",
			names[i][0] >= 'a' ? " class=\"n\"" : "", names[i]);
	fputs("</tr>\n", report->out);
}

static void foot(struct report *report)
{
	fputs("</table></div>\n", report->out);
}

static void cell_of_text(struct report *report, const char *text)
{
	fputs("<td>", report->out);
	html_text(report->out, text);
	fputs("</td>", report->out);
}

static void cell_of_bytes(struct report *report, bool known, uint64_t bytes)
{
	char text[UNITS_MAX];

	fprintf(report->out, "<td class=\"n\">%s</td>", known ? units_bytes(text, bytes) : "-");
}

static void cell_of_number(struct report *report, bool known, uint64_t number)
{
	if (known)
		fprintf(report->out, "<td class=\"n\">%" PRIu64 "</td>", number);
	else
		fputs("<td class=\"n\">-</td>", report->out);
}

static void cell_of_change(struct report *report, int64_t bytes)
{
	static const char *const directions[] = { " down", "", " up" };
	int direction = (bytes > 0) - (bytes < 0);
	char text[UNITS_MAX];

	fprintf(report->out, "<td class=\"n%s\">%s</td>", directions[1 + direction],
		units_change(text, bytes));
}

static void cell_of(struct report *report, const struct counts *counts, uint64_t columns)
{
	uint64_t value = 0;
	bool known = counts_get(counts, columns, &value);

	cell_of_bytes(report, known, value);
}

#define HEAD(report, ...) \
	do { \
		static const char *const _names[] = { __VA_ARGS__ }; \
\
		head(report, _names, sizeof(_names) / sizeof(_names[0])); \
	} while (0)

/*
 * Parts of the page.
 */

static void write_date(FILE *out, uint64_t unix_ns)
{
	time_t seconds = unix_ns / 1000000000;
	char text[64];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%F %T UTC", &tm))
		fputs(text, out);
}

static void write_fact(struct report *report, const char *what, const char *fact)
{
	const char *value = capture_fact(report->capture, fact);

	if (!value || !*value)
		return;
	fprintf(report->out, "%s", what);
	html_text(report->out, value);
}

static void write_head(struct report *report)
{
	const struct timeline *timeline = report->timeline;
	char text[UNITS_MAX];

	fputs("<h1>Memory by class", report->out);
	write_fact(report, ": ", FACT_HOST);
	fputs("</h1>\n<p class=\"dim\">", report->out);
	write_date(report->out, timeline->begin_unix_ns);
	fputs(" to ", report->out);
	write_date(report->out, timeline->end_unix_ns);
	fprintf(report->out, ", %s, %zu samples",
		units_age(text, timeline->seconds[timeline->nr_points - 1]),
		capture_nr_samples(report->capture));
	write_fact(report, "; Linux ", FACT_KERNEL);
	write_fact(report, "; read from ", FACT_SOURCE);
	write_fact(report, "; memclass ", FACT_CLIENT);
	fputs("</p>\n", report->out);
}

/* Whoever recorded it was not permitted to look at them, or did not want to. */
static void write_hidden(struct report *report)
{
	if (report->last.hidden)
		fprintf(report->out,
			"<p>Which classes %zu of %zu processes have is not known: they are not part of what follows.</p>\n",
			report->last.hidden, report->last.count);
}

/* Classes that have something at some time. */
static size_t make_areas(const struct timeline *timeline, const uint64_t *values,
			 struct chart_area *areas, char names[][CLASS_NAME_MAX])
{
	size_t count = 0, point;
	unsigned int number;

	for (number = 0; number < TIMELINE_CLASSES; number++) {
		const uint64_t *row = values + number * (TIMELINE_POINTS + 1);

		for (point = 0; point < timeline->nr_points && !row[point]; point++)
			;
		if (point == timeline->nr_points)
			continue;
		areas[count] = (struct chart_area) {
			.name = class_name(names[count], number),
			.class = number,
			.values = row,
		};
		count++;
	}
	return count;
}

static void write_chart(struct report *report, const char *caption, const uint64_t *values,
			unsigned int width, unsigned int height)
{
	const struct timeline *timeline = report->timeline;
	char names[TIMELINE_CLASSES][CLASS_NAME_MAX];
	struct chart_area areas[TIMELINE_CLASSES];
	struct chart chart = {
		.nr_points = timeline->nr_points,
		.seconds = timeline->seconds,
		.areas = areas,
		.width = width,
		.height = height,
	};

	chart.nr_areas = make_areas(timeline, values, areas, names);
	fputs("<figure>\n<figcaption>", report->out);
	html_text(report->out, caption);
	fputs("</figcaption>\n", report->out);
	chart_write(report->out, &chart);
	chart_write_key(report->out, &chart);
	fputs("</figure>\n", report->out);
}

static void write_growth(struct report *report)
{
	const struct timeline *timeline = report->timeline;
	const struct timeline_process *process;
	char caption[64], text[UNITS_MAX];
	size_t i;

	fputs("<h2>Over time</h2>\n", report->out);
	if (timeline->nr_points < 2) {
		fputs("<p>One sample: there is nothing to draw. 'memclass record --interval' takes more.</p>\n",
		      report->out);
		return;
	}
	snprintf(caption, sizeof(caption), "All processes, %s", report->column);
	write_chart(report, caption, timeline->all[0], 1000, 320);
	fputs("<h2>What grew most</h2>\n<div class=\"few\">\n", report->out);
	for (i = 0; i < timeline->nr_processes; i++) {
		process = &timeline->processes[i];
		if (!process->values || process->last <= process->first)
			break;
		snprintf(caption, sizeof(caption), "%s, pid %d: %s", process->comm, process->pid,
			 units_change(text, process->last - process->first));
		write_chart(report, caption, process->values, 480, 200);
	}
	fputs("</div>\n", report->out);
	if (!i && timeline->nr_processes > report->last.hidden)
		fputs("<p>No process grew.</p>\n", report->out);
}

static void write_changes(struct report *report)
{
	uint64_t before, after;
	struct changes changes;
	char name[CLASS_NAME_MAX];
	size_t i;

	if (report->timeline->nr_points < 2 ||
	    !changes_find(&changes, &report->first, &report->last, CHANGE_BY_PROCESS))
		return;
	changes_sort(&changes, report->timeline->column);
	fprintf(report->out, "<h2>From the first sample to the last, %s</h2>\n", report->column);
	HEAD(report, "change", "before", "after", "pid", "Command", "Class", "State");
	for (i = 0; i < changes.count && i < ROWS_MAX; i++) {
		const struct change *change = &changes.all[i];

		change_get(change, report->timeline->column, &before, &after);
		fputs("<tr>", report->out);
		cell_of_change(report, after - before);
		cell_of_bytes(report, true, before);
		cell_of_bytes(report, true, after);
		cell_of_number(report, true, change->pid);
		cell_of_text(report, change->comm);
		cell_of_text(report, class_name(name, change->class));
		cell_of_text(report, change_state(change));
		fputs("</tr>\n", report->out);
	}
	foot(report);
	changes_free(&changes);
}

static int compare_processes(const void *left, const void *right, void *column)
{
	uint64_t a = 0, b = 0;

	counts_get(&((const struct process *)left)->total, *(uint64_t *)column, &a);
	counts_get(&((const struct process *)right)->total, *(uint64_t *)column, &b);
	return (a < b) - (a > b);
}

/* Sorts them: nobody needs the order of pids after this. */
static void write_processes(struct report *report)
{
	uint64_t column = report->timeline->column;
	size_t i;

	if (report->last.count)
		qsort_r(report->last.all, report->last.count, sizeof(*report->last.all),
			compare_processes, &column);
	fputs("<h2>Processes at the end</h2>\n", report->out);
	HEAD(report, "pid", "User", "rss", "pss", "swap", "anon", "file", "shmem", "page tables",
	     "threads", "Command");
	for (i = 0; i < report->last.count && i < ROWS_MAX; i++) {
		const struct process *process = &report->last.all[i];

		fputs("<tr>", report->out);
		cell_of_number(report, true, process->pid);
		cell_of_text(report, user_name(process));
		cell_of(report, &process->total, COLUMN_BIT(rss));
		cell_of(report, &process->total, COLUMN_BIT(pss));
		cell_of(report, &process->total, COLUMN_BIT(swap));
		cell_of(report, &process->total, COLUMN_BIT(anon));
		cell_of(report, &process->total, COLUMN_BIT(file));
		cell_of(report, &process->total, COLUMN_BIT(shmem));
		cell_of_bytes(report, true, process->page_tables);
		cell_of_number(report, true, process->threads);
		cell_of_text(report, process->comm);
		fputs("</tr>\n", report->out);
	}
	foot(report);
	if (report->last.count > ROWS_MAX)
		fprintf(report->out, "<p class=\"dim\">and %zu more</p>\n",
			report->last.count - ROWS_MAX);
}

static void sum_classes(const struct snapshot *snapshot, struct counts sums[TIMELINE_CLASSES],
			bool seen[TIMELINE_CLASSES])
{
	size_t i, j;

	for (i = 0; i < TIMELINE_CLASSES; i++)
		counts_clear(&sums[i]);
	for (i = 0; i < snapshot->count; i++) {
		const struct process *process = &snapshot->all[i];

		for (j = 0; j < process->nr_classes && !process->shared_mm; j++) {
			if (process->classes[j].class >= TIMELINE_CLASSES)
				continue;
			seen[process->classes[j].class] = true;
			counts_add(&sums[process->classes[j].class], &process->classes[j].counts);
		}
	}
}

static void write_classes(struct report *report)
{
	struct counts sums[TIMELINE_CLASSES];
	bool seen[TIMELINE_CLASSES] = { false };
	char name[CLASS_NAME_MAX];
	uint64_t value = 0;
	unsigned int number;
	bool known;

	sum_classes(&report->last, sums, seen);
	fputs("<h2>Classes at the end</h2>\n", report->out);
	HEAD(report, "Class", "Type", "mappings", "virtual", "rss", "pss", "dirty", "cow", "swap",
	     "minor faults", "major faults");
	for (number = 0; number < TIMELINE_CLASSES; number++) {
		if (!seen[number])
			continue;
		fputs("<tr>", report->out);
		cell_of_text(report, class_name(name, number));
		cell_of_text(report, class_type_name(number) ?: "-");
		known = counts_get(&sums[number], COLUMN_BIT(vmas), &value);
		cell_of_number(report, known, value);
		cell_of(report, &sums[number], COLUMN_BIT(virt));
		cell_of(report, &sums[number], COLUMN_BIT(rss));
		cell_of(report, &sums[number], COLUMN_BIT(pss));
		cell_of(report, &sums[number],
			COLUMN_BIT(private_dirty) | COLUMN_BIT(shared_dirty));
		cell_of(report, &sums[number], COLUMN_BIT(cow));
		cell_of(report, &sums[number], COLUMN_BIT(swap));
		known = counts_get_faults(&sums[number], MINOR_FAULTS, &value);
		cell_of_number(report, known, value);
		known = counts_get_faults(&sums[number], MAJOR_FAULTS, &value);
		cell_of_number(report, known, value);
		fputs("</tr>\n", report->out);
	}
	foot(report);
}

/*
 * All of it.
 */

static enum status load(struct report *report)
{
	size_t samples = capture_nr_samples(report->capture);
	enum status status;

	status = timeline_read(&report->timeline, report->capture);
	if (status)
		return status;
	report->column = report->timeline->column == COLUMN_BIT(pss) ? "PSS" : "RSS";
	capture_choose(report->capture, 0);
	status = snapshot_take(&report->first, report->capture);
	capture_choose(report->capture, samples - 1);
	return status ?: snapshot_take(&report->last, report->capture);
}

static void write_page(struct report *report)
{
	html_begin(report->out, "memclass report");
	write_head(report);
	write_hidden(report);
	report_verdicts(report->out, report->capture);
	write_growth(report);
	write_changes(report);
	report_ledger(report->out, report->capture);
	write_classes(report);
	write_processes(report);
	html_end(report->out);
}

/* The page is made when all that can go wrong with the capture has not. */
static enum status write_report(struct report *report, const struct request *request)
{
	struct output output;
	enum status status = output_open(&output, request->output);

	if (status)
		return status;
	report->out = output.file;
	write_page(report);
	return output_close(&output);
}

static enum status run(const struct request *request, char **operands, int count)
{
	struct report report = { 0 };
	enum status status;

	(void)count;
	status = source_open_capture(&report.capture, operands[0]);
	if (status)
		return status;
	status = load(&report);
	if (!status)
		status = write_report(&report, request);
	snapshot_free(&report.first);
	snapshot_free(&report.last);
	if (report.timeline)
		timeline_free(report.timeline);
	source_close(report.capture);
	return status;
}

const struct command report_command = {
	.name = "report",
	.operands = "FILE",
	.summary = "a capture as a page to read",
	.details = "Writes one page of HTML with charts and tables of what FILE, a capture, has. It\n"
		   "needs nothing else, no network either. To standard output without -o.\n",
	.options = OPTION_OUTPUT,
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
