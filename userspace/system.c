// SPDX-License-Identifier: GPL-2.0
/* memclass system: where all memory is, also what no process has. */
#include "system.h"

#include <inttypes.h>
#include <stdio.h>

#include "repeat.h"
#include "say.h"
#include "source.h"
#include "table.h"
#include "units.h"

/*
 * The fields. What is on no line of the ledger is a row as well.
 */

struct row {
	const char *name;
	unsigned int depth;
	int64_t bytes;
	uint64_t total;
	const char *counter;		/* "": none */
	bool counted;
	int64_t counter_bytes;
	bool held;
};

static void get_line(const void *item, struct cell *cell)
{
	const struct row *row = item;

	cell_format(cell, "%*s%s", 2 * row->depth, "", row->name);
}

/* A sign is worth a look, unless it is expected. */
static void cell_signed(struct cell *cell, int64_t bytes)
{
	if (bytes < 0)
		cell_change(cell, bytes);
	else
		cell_bytes(cell, bytes);
}

static void get_bytes(const void *item, struct cell *cell)
{
	const struct row *row = item;

	cell_signed(cell, row->bytes);
}

static void get_share(const void *item, struct cell *cell)
{
	const struct row *row = item;

	cell_format(cell, "%.1f%%", 100.0 * row->bytes / row->total);
}

static void get_counter(const void *item, struct cell *cell)
{
	const struct row *row = item;

	if (*row->counter)
		cell_text(cell, row->counter);
}

static void get_counted(const void *item, struct cell *cell)
{
	const struct row *row = item;

	if (row->counted)
		cell_signed(cell, row->counter_bytes);
	else if (*row->counter)
		cell->kind = CELL_UNKNOWN;
}

static void get_difference(const void *item, struct cell *cell)
{
	const struct row *row = item;

	if (row->counted && row->held)
		cell_change(cell, row->bytes - row->counter_bytes);
}

static const struct field fields[] = {
	{ .name = "line", .help = "what it is used for", .get = get_line, .left = true },
	{ .name = "bytes", .heading = "SIZE", .help = "how much of it", .get = get_bytes },
	{ .name = "share", .help = "of all memory", .get = get_share },
	{
		.name = "counter",
		.help = "what the kernel itself calls it, or something like it",
		.get = get_counter,
		.left = true,
	},
	{ .name = "counted", .help = "and how much that is", .get = get_counted },
	{
		.name = "difference",
		.heading = "DIFFERS",
		.help = "by how much, where it was found out without the kernel's counter",
		.get = get_difference,
	},
};

static const struct listing system_listing = {
	.fields = fields,
	.nr_fields = sizeof(fields) / sizeof(fields[0]),
	.defaults = "line,bytes,share,counter,counted,difference",
};

static void print_swap(const struct ledger *ledger)
{
	uint64_t used = ledger->swap_total - ledger->swap_free;
	char total_text[UNITS_MAX], used_text[UNITS_MAX], processes_text[UNITS_MAX];

	if (!ledger->swap_total)
		return;
	printf("swap %s: %s used; processes have %s there\n",
	       units_bytes(total_text, ledger->swap_total), units_bytes(used_text, used),
	       units_bytes(processes_text, ledger->swap_processes));
}

static void print_pinned(const struct ledger *ledger)
{
	char pinned[UNITS_MAX];

	if (ledger->pinned)
		printf("pinned %s: for devices and io_uring, and on one of the lines above\n",
		       units_bytes(pinned, ledger->pinned));
}

/* A script finds all lines, under their full names. */
static void add_line(struct table *table, const struct ledger *ledger,
		     enum ledger_line line, bool raw)
{
	const struct ledger_row *about = &ledger_rows[line];
	struct row row = {
		.name = raw ? about->name : ledger_short_name(line),
		.depth = raw ? 0 : ledger_depth(line),
		.bytes = ledger->lines[line].bytes,
		.total = ledger->total,
		.counter = about->counter,
		.counted = ledger->lines[line].counted,
		.counter_bytes = ledger->lines[line].counter,
		.held = about->held,
	};

	if (raw || row.bytes || (row.held && row.counter_bytes))
		table_row(table, &row);
}

static enum status print_table(const struct ledger *ledger, const struct request *request)
{
	struct row residue = {
		.name = "residue",
		.bytes = ledger->residue,
		.total = ledger->total,
		.counter = "",
	};
	struct row total = {
		.name = "total",
		.bytes = ledger->total,
		.total = ledger->total,
		.counter = "MemTotal",
		.counted = true,
		.counter_bytes = ledger->total,
	};
	enum ledger_line line;
	enum status status;
	struct table *table;

	status = table_open(&table, &system_listing, request);
	if (status)
		return status;
	for (line = 0; line < NR_LEDGER_LINES; line++)
		add_line(table, ledger, line, request->raw);
	table_row(table, &residue);
	table_row(table, &total);
	status = table_close(table);
	if (!request->raw && !request->no_headings) {
		print_swap(ledger);
		print_pinned(ledger);
	}
	return status;
}

static enum status show(const struct ledger *ledger, const struct ledger *before,
			const struct request *request)
{
	if (!request->json && !request->watch)
		return print_table(ledger, request);
	if (request->json)
		system_json(ledger, before);
	else
		system_line(ledger, before, request);
	return STATUS_OK;
}

static enum status run(const struct request *request, char **operands, int count)
{
	struct request of_module = *request;
	struct ledger ledgers[2];
	struct repeat repeat;
	struct source *source;
	enum status status;
	unsigned int round;

	(void)operands;
	(void)count;
	if (request->watch && request->columns) {
		say_usage("system", "--watch has columns of its own: --columns does not go with it");
		return STATUS_USAGE;
	}
	/* /proc has no ledger: it is no way out where the module is not there. */
	if (!request->source)
		of_module.source = SOURCE_MODULE;
	status = repeat_begin(&repeat, request, "system");
	if (!status)
		status = source_open(&source, &of_module);
	if (status)
		return status;
	for (round = 0; !status && repeat_next(&repeat); round++) {
		struct ledger *ledger = &ledgers[round % 2];

		status = ledger_read(source, request, ledger);
		if (!status)
			status = show(ledger, round ? &ledgers[(round + 1) % 2] : NULL, request);
	}
	source_close(source);
	return status;
}

#define EXPLAIN(LINE, name, made_of, counter, held, text) \
	"  " name "\n      " text "\n"

const struct command system_command = {
	.name = "system",
	.operands = "",
	.summary = "where all memory is, also what no process has",
	.details = "Each line of the ledger is a use of memory, and is the sum of those that are set\n"
		   "in below it. COUNTER names the kernel's own counter; it DIFFERS where memclass\n"
		   "found something else by itself. The residue is what is missing to all of it: pages\n"
		   "that the kernel gave out and does not count, to drivers, network buffers, pipes.\n"
		   "With --watch, a line for each interval: first all, then what became more or less,\n"
		   "page faults per second, and what was swapped in and out per second.\n\n"
		   "Lines:\n" LEDGER_LINES(EXPLAIN),
	.options = OPTION_JSON | OPTION_TABLE | OPTION_SOURCE | OPTION_WATCH,
	.min_operands = 0,
	.max_operands = 0,
	.listing = &system_listing,
	.run = run,
};
