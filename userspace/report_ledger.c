// SPDX-License-Identifier: GPL-2.0
/* The ledger in a report: where all memory was in the first sample, and in the last. */
#include "report_parts.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "capture.h"
#include "html.h"
#include "ledger.h"
#include "units.h"

static void write_change(FILE *out, int64_t bytes)
{
	char text[UNITS_MAX];

	fprintf(out, "<td class=\"n%s\">%s</td></tr>\n", bytes ? bytes > 0 ? " up" : " down" : "",
		units_change(text, bytes));
}

static void write_line(FILE *out, const struct ledger *before, const struct ledger *after,
		       enum ledger_line line)
{
	char text[UNITS_MAX];

	fprintf(out, "<tr><td style=\"padding-left:%uem\">", ledger_depth(line));
	html_text(out, ledger_short_name(line));
	fprintf(out, "</td><td class=\"n\">%s</td><td class=\"n\">%.1f%%</td>",
		units_bytes(text, after->lines[line].bytes),
		after->total ? 100.0 * after->lines[line].bytes / after->total : 0);
	write_change(out, after->lines[line].bytes - before->lines[line].bytes);
}

static void write_residue(FILE *out, const struct ledger *before, const struct ledger *after)
{
	char text[UNITS_MAX];

	fprintf(out, "<tr class=\"total\"><td>residue</td><td class=\"n\">%s</td><td class=\"n\">%.1f%%</td>",
		units_change(text, after->residue),
		after->total ? 100.0 * after->residue / after->total : 0);
	write_change(out, after->residue - before->residue);
}

/* Lines that have nothing, and had nothing, say nothing. */
static void write_ledger(FILE *out, struct source *capture)
{
	struct ledger before, after;
	enum ledger_line line;

	capture_choose(capture, 0);
	if (ledger_read(capture, NULL, &before))
		return;
	capture_choose(capture, capture_nr_samples(capture) - 1);
	if (ledger_read(capture, NULL, &after))
		return;
	fputs("<h2>Where all memory is</h2>\n<div class=\"wide\"><table>\n"
	      "<tr><th>Use</th><th class=\"n\">at the end</th><th class=\"n\">of all</th>"
	      "<th class=\"n\">change</th></tr>\n",
	      out);
	for (line = 0; line < NR_LEDGER_LINES; line++)
		if (before.lines[line].bytes || after.lines[line].bytes)
			write_line(out, &before, &after, line);
	write_residue(out, &before, &after);
	fputs("</table></div>\n", out);
}

/*
 * What there is without the module, which alone knows what pages are, or without some of
 * the processes.
 */
static void write_counters(FILE *out, const struct counters *before,
			   const struct counters *after)
{
	static const char *const names[] = {
		"MemTotal",
		"MemFree",
		"MemAvailable",
		"Buffers",
		"Cached",
		"AnonPages",
		"Mapped",
		"Shmem",
		"Slab",
		"KernelStack",
		"PageTables",
		"Hugetlb",
		"SwapTotal",
		"SwapFree",
	};
	uint64_t was, is;
	char text[UNITS_MAX];
	size_t i;

	fputs("<h2>The machine</h2>\n<div class=\"wide\"><table>\n"
	      "<tr><th>Counter</th><th class=\"n\">at the end</th><th class=\"n\">change</th></tr>\n",
	      out);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!counters_find(before, names[i], &was) || !counters_find(after, names[i], &is))
			continue;
		fprintf(out, "<tr><td>%s</td><td class=\"n\">%s</td>", names[i],
			units_bytes(text, is));
		write_change(out, is - was);
	}
	fputs("</table></div>\n", out);
}

static void read_and_write_counters(FILE *out, struct source *capture)
{
	struct counters before, after;

	capture_choose(capture, 0);
	if (source_counters(capture, &before))
		return;
	capture_choose(capture, capture_nr_samples(capture) - 1);
	if (!source_counters(capture, &after)) {
		write_counters(out, &before, &after);
		counters_free(&after);
	}
	counters_free(&before);
}

static bool has_fact(struct source *capture, const char *fact, const char *value)
{
	const char *found = capture_fact(capture, fact);

	return found && !strcmp(found, value);
}

void report_ledger(FILE *out, struct source *capture)
{
	if (has_fact(capture, FACT_SOURCE, "module") && !has_fact(capture, FACT_PROCESSES, "some"))
		write_ledger(out, capture);
	else
		read_and_write_counters(out, capture);
}
