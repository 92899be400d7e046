// SPDX-License-Identifier: GPL-2.0
/* memclass system --watch and --json: a round at a time, and what it differs by. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "emit.h"
#include "json.h"
#include "system.h"
#include "units.h"

/*
 * A column: all that belongs to its lines, or the residue.
 */

#define LINE(name)	(1ULL << LEDGER_##name)
#define OF_TYPE(type)	(LINE(ANON_##type) | LINE(FILE_##type) | LINE(SHMEM_##type))

_Static_assert(NR_LEDGER_LINES <= 64, "a bit for each");

static const struct column {
	const char *heading;
	uint64_t lines;			/* 0: the residue */
} columns[] = {
	{ "FREE", LINE(FREE) },
	{ "P-ANON", OF_TYPE(PRIVATE_ANON) },
	{ "P-FILE", OF_TYPE(PRIVATE_FILE) },
	{ "S-ANON", OF_TYPE(SHARED_ANON) },
	{ "S-FILE", OF_TYPE(SHARED_FILE) },
	{ "OTHER", OF_TYPE(OTHER) | LINE(HUGETLB) },
	{ "SHMEM", LINE(UNMAPPED_SHMEM) },
	{ "CACHE", LINE(CACHE) | LINE(BUFFERS) | LINE(UNMAPPED_ANON) },
	{ "KERNEL", LINE(KERNEL) },
	{ "ZIPPED", LINE(COMPRESSED) },
	{ "RESIDUE", 0 },
};

static const struct rate {
	const char *name;		/* in JSON */
	const char *heading;
	bool bytes;
	size_t member;
} rates[] = {
	{ "minor_faults", "MINOR/s", false, offsetof(struct ledger, minor_faults) },
	{ "major_faults", "MAJOR/s", false, offsetof(struct ledger, major_faults) },
	{ "swapped_in", "IN/s", true, offsetof(struct ledger, swapped_in) },
	{ "swapped_out", "OUT/s", true, offsetof(struct ledger, swapped_out) },
};

#define NR_COLUMNS	(sizeof(columns) / sizeof(columns[0]))
#define NR_RATES	(sizeof(rates) / sizeof(rates[0]))

#define WIDTH		8

/* Headings come again, so that one of them is always on the screen. */
#define LINES_PER_HEADING 20

static int64_t sum_of(const struct ledger *ledger, const struct column *column)
{
	enum ledger_line line;
	int64_t sum = 0;

	if (!column->lines)
		return ledger->residue;
	for (line = 0; line < NR_LEDGER_LINES; line++)
		if (column->lines & (1ULL << line))
			sum += ledger->lines[line].bytes;
	return sum;
}

/* Per second; rounded to the nearest. */
static uint64_t rate_of(const struct ledger *ledger, const struct ledger *before,
			const struct rate *rate)
{
	uint64_t now = *(const uint64_t *)((const char *)ledger + rate->member);
	uint64_t then = *(const uint64_t *)((const char *)before + rate->member);
	double seconds = ledger->when.tv_sec - before->when.tv_sec +
			 (ledger->when.tv_nsec - before->when.tv_nsec) / 1e9;

	return now > then ? (now - then) / seconds + 0.5 : 0;
}

static void print_headings(void)
{
	size_t i;

	printf("%-8s", "TIME");
	for (i = 0; i < NR_COLUMNS; i++)
		printf(" %*s", WIDTH - 1, columns[i].heading);
	for (i = 0; i < NR_RATES; i++)
		printf(" %*s", WIDTH - 1, rates[i].heading);
	putchar('\n');
}

static void print_time(void)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[16];

	strftime(text, sizeof(text), "%H:%M:%S", localtime_r(&now, &tm));
	printf("%-8s", text);
}

/* For a script, in bytes; otherwise a change has its sign, and what there is has none. */
static void print_bytes(int64_t bytes, bool change, const struct request *request)
{
	char text[UNITS_MAX];

	if (request->raw || request->bytes)
		snprintf(text, sizeof(text), "%" PRId64, bytes);
	else if (change || bytes < 0)
		units_change(text, bytes);
	else
		units_bytes(text, bytes);
	printf(" %*s", request->raw ? 0 : WIDTH - 1, text);
}

static void print_rate(const struct ledger *ledger, const struct ledger *before,
		       const struct rate *rate, const struct request *request)
{
	if (!before)
		printf(" %*s", request->raw ? 0 : WIDTH - 1, "-");
	else if (rate->bytes)
		print_bytes(rate_of(ledger, before, rate), false, request);
	else
		printf(" %*" PRIu64, request->raw ? 0 : WIDTH - 1,
		       rate_of(ledger, before, rate));
}

/* First how much there is of everything, then how much more or less it became. */
void system_line(const struct ledger *ledger, const struct ledger *before,
		 const struct request *request)
{
	static unsigned int lines;
	int64_t bytes;
	size_t i;

	if (!request->no_headings && (request->raw ? !lines : lines % LINES_PER_HEADING == 0))
		print_headings();
	lines++;
	print_time();
	for (i = 0; i < NR_COLUMNS; i++) {
		bytes = sum_of(ledger, &columns[i]);
		if (before)
			bytes -= sum_of(before, &columns[i]);
		print_bytes(bytes, before, request);
	}
	for (i = 0; i < NR_RATES; i++)
		print_rate(ledger, before, &rates[i], request);
	putchar('\n');
}

/*
 * JSON: a line for each round.
 */

static void emit_moved(struct json *json, int64_t bytes, bool known, int64_t before)
{
	if (known)
		json_signed(json, "moved", bytes - before);
	else
		json_null(json, "moved");
}

static void emit_line(struct json *json, const struct ledger *ledger,
		      const struct ledger *before, enum ledger_line line)
{
	const struct ledger_row *row = &ledger_rows[line];
	int64_t bytes = ledger->lines[line].bytes;

	json_open_object(json, NULL);
	json_string(json, "line", row->name);
	json_number(json, "bytes", bytes);
	emit_moved(json, bytes, before, before ? before->lines[line].bytes : 0);
	if (ledger->lines[line].counted) {
		json_string(json, "counter", row->counter);
		json_signed(json, "counted", ledger->lines[line].counter);
	} else {
		json_null(json, "counter");
		json_null(json, "counted");
	}
	if (ledger->lines[line].counted && row->held)
		json_signed(json, "difference", bytes - ledger->lines[line].counter);
	else
		json_null(json, "difference");
	json_close_object(json);
}

static void emit_rates(struct json *json, const struct ledger *ledger,
		       const struct ledger *before)
{
	size_t i;

	json_open_object(json, "per_second");
	for (i = 0; i < NR_RATES; i++) {
		if (before)
			json_number(json, rates[i].name, rate_of(ledger, before, &rates[i]));
		else
			json_null(json, rates[i].name);
	}
	json_close_object(json);
}

static void emit_swap(struct json *json, const struct ledger *ledger)
{
	json_open_object(json, "swap");
	json_number(json, "total", ledger->swap_total);
	json_number(json, "free", ledger->swap_free);
	json_number(json, "processes", ledger->swap_processes);
	json_close_object(json);
}

void system_json(const struct ledger *ledger, const struct ledger *before)
{
	enum ledger_line line;
	struct json json;

	json_begin(&json, stdout);
	json_open_object(&json, NULL);
	json_number(&json, "schema", JSON_SCHEMA);
	json_number(&json, "time", time(NULL));
	json_number(&json, "processes", ledger->processes);
	json_number(&json, "total", ledger->total);
	json_signed(&json, "residue", ledger->residue);
	emit_moved(&json, ledger->residue, before, before ? before->residue : 0);
	json_open_array(&json, "lines");
	for (line = 0; line < NR_LEDGER_LINES; line++)
		emit_line(&json, ledger, before, line);
	json_close_array(&json);
	emit_swap(&json, ledger);
	if (ledger->pinned_known)
		json_number(&json, "pinned", ledger->pinned);
	else
		json_null(&json, "pinned");
	emit_rates(&json, ledger, before);
	json_close_object(&json);
	json_end(&json);
}
