// SPDX-License-Identifier: GPL-2.0
/* Tables for people, and with --raw for scripts. libsmartcols lays them out. */
#include "table.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "text.h"
#include "units.h"

#define COLUMNS_ASKED_MAX	64
#define COLUMNS_MAX		(COLUMNS_ASKED_MAX + 16)	/* and the usual ones */

/*
 * After so many rows the table so far is written, since all of it may be more than
 * there is memory for. The widths can then change.
 */
#define ROWS_AT_ONCE	8192

struct table {
	const struct listing *listing;
	const struct request *request;
	struct libscols_table *smartcols;
	size_t nr_columns;
	struct column {
		const struct field *field;
		struct libscols_column *smartcols;
		bool hidden;		/* as long as there is nothing to be seen */
	} columns[COLUMNS_MAX];
	bool failed;
};

void cell_text(struct cell *cell, const char *text)
{
	cell->kind = CELL_TEXT;
	cell->text = text;
}

void cell_format(struct cell *cell, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(cell->scratch, sizeof(cell->scratch), format, args);
	va_end(args);
	cell_text(cell, cell->scratch);
}

void cell_number(struct cell *cell, uint64_t number)
{
	cell->kind = CELL_NUMBER;
	cell->number = number;
}

void cell_bytes(struct cell *cell, uint64_t bytes)
{
	cell->kind = CELL_BYTES;
	cell->number = bytes;
}

void cell_change(struct cell *cell, int64_t bytes)
{
	cell->kind = CELL_CHANGE;
	cell->number = bytes;
}

static void get_counted(const struct listing *listing, const struct field *field,
			const void *item, struct cell *cell)
{
	bool bytes = field->counted != COLUMN_BIT(vmas);

	cell->kind = CELL_UNKNOWN;
	if (counts_get(listing->counts(item), field->counted, &cell->number))
		cell->kind = bytes ? CELL_BYTES : CELL_NUMBER;
}

static void get_faults(const struct listing *listing, const struct field *field,
		       const void *item, struct cell *cell)
{
	const struct counts *counts = listing->counts(item);

	cell->kind = counts->faults_off ? CELL_OFF : CELL_UNKNOWN;
	if (counts_get_faults(counts, field->faults, &cell->number))
		cell->kind = CELL_NUMBER;
}

static void get(const struct listing *listing, const struct field *field,
		const void *item, struct cell *cell)
{
	cell->kind = CELL_EMPTY;
	cell->number = 0;
	if (field->get)
		field->get(item, cell);
	else if (field->faults)
		get_faults(listing, field, item, cell);
	else
		get_counted(listing, field, item, cell);
}

/*
 * Names of columns.
 */

/* Small and capital letters, "-" and "_" are the same. */
static bool same_name(const char *name, const char *other, size_t length)
{
	for (; length && *name; name++, other++, length--) {
		if (tolower((unsigned char)*name) == tolower((unsigned char)*other))
			continue;
		if (!strchr("-_", *name) || !strchr("-_", *other))
			return false;
	}
	return !length && !*name;
}

/* The column that the first @length bytes of @name name or head, or NULL. */
static const struct field *find(const struct listing *listing, const char *name,
				size_t length)
{
	const struct field *field;
	size_t i;

	for (i = 0; i < listing->nr_fields; i++) {
		field = &listing->fields[i];
		if (same_name(field->name, name, length) ||
		    (field->heading && same_name(field->heading, name, length)))
			return field;
	}
	return NULL;
}

const struct field *listing_find(const struct listing *listing, const char *name)
{
	return find(listing, name, strlen(name));
}

/*
 * Goes through a list of names with commas between. One with a ? behind it is shy.
 *
 * Return: its next column; NULL at the end, or with @wrong set where there is none of
 * that name.
 */
static const struct field *next_in_list(const struct listing *listing, const char **list,
					bool *shy, const char **wrong)
{
	const char *name = *list;
	const struct field *field;
	size_t length;

	*wrong = NULL;
	if (!name)
		return NULL;
	length = strcspn(name, ",");
	*list = name[length] ? name + length + 1 : NULL;
	*shy = length && name[length - 1] == '?';
	field = find(listing, name, length - *shy);
	if (!field)
		*wrong = name;
	return field;
}

/* Before anything is read: are the columns that were asked for there? */
enum status listing_check(const struct listing *listing, const struct request *request,
			  const char *command)
{
	const char *list = request->columns, *wrong;
	unsigned int count = 0;
	bool shy;

	if (request->unit && !units_find(request->unit)) {
		say_usage(command, "--unit K, M or G, not '%s'", request->unit);
		return STATUS_USAGE;
	}
	if (list && request->json) {
		say_usage(command, "JSON has all columns: --columns does not go with it");
		return STATUS_USAGE;
	}
	if (list && *list == '+')
		list++;
	while (next_in_list(listing, &list, &shy, &wrong))
		count++;
	if (!wrong && request->sort && !listing_find(listing, request->sort))
		wrong = request->sort;
	if (wrong) {
		say_usage(command, "there is no column '%.*s'", (int)strcspn(wrong, ","), wrong);
		return STATUS_USAGE;
	}
	if (count > COLUMNS_ASKED_MAX) {
		say_usage(command, "more than %d columns", COLUMNS_ASKED_MAX);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

/* A word of a paragraph, of which @at columns are written already. */
static int print_wrapped(int at, const char *word)
{
	if (at && at + 1 + strlen(word) <= 78)
		return at + printf(" %s", word);
	return printf("%s  %s", at ? "\n" : "", word) - !!at;
}

/* "memclass classes" explains what is counted. */
void listing_help(const struct listing *listing)
{
	const struct field *field, *end = listing->fields + listing->nr_fields;
	int at = 0;

	printf("\nColumns:\n");
	for (field = listing->fields; field < end; field++)
		if (field->get)
			printf("  %-16s %s\n", field->name, field->help);
	for (field = listing->fields; field < end; field++)
		if (!field->get)
			at = print_wrapped(at, field->name);
	printf("\nUsually (with ?: if there is something to show):\n  %s\n",
	       listing->defaults);
}

/*
 * Sorting.
 */

struct order {
	const struct listing *listing;
	const struct field *field;
};

static bool is_unknown(const struct cell *cell)
{
	return cell->kind == CELL_UNKNOWN || cell->kind == CELL_OFF;
}

/* What is unknown comes last, texts from a to z, most figures from the largest. */
static int compare(const void *left, const void *right, void *data)
{
	const void *a = *(const void **)left, *b = *(const void **)right;
	const struct order *order = data;
	struct cell cell_a, cell_b;
	int result = 0;

	get(order->listing, order->field, a, &cell_a);
	get(order->listing, order->field, b, &cell_b);
	if (cell_a.kind != cell_b.kind)
		result = is_unknown(&cell_a) - is_unknown(&cell_b);
	else if (cell_a.kind == CELL_TEXT)
		result = strcmp(cell_a.text, cell_b.text);
	else if (cell_a.number != cell_b.number)
		result = (cell_a.number < cell_b.number) == order->field->ascending ? -1 : 1;
	/* What is equal stays as it was, in the array that the pointers point into. */
	return result ?: (a > b) - (a < b);
}

/* Sorts pointers into one array of items. */
void listing_sort(const struct listing *listing, const struct field *field,
		  const void **items, size_t count)
{
	struct order order = { listing, field };

	qsort_r(items, count, sizeof(*items), compare, &order);
}

/*
 * The table itself.
 */

static void heading_of(const struct field *field, char *heading, size_t size)
{
	size_t i;

	snprintf(heading, size, "%s", field->heading ?: field->name);
	for (i = 0; heading[i]; i++)
		heading[i] = heading[i] == '_' ? '-' : toupper((unsigned char)heading[i]);
}

static int flags_of(const struct column *column)
{
	return (column->field->left ? 0 : SCOLS_FL_RIGHT) |
	       (column->field->cut ? SCOLS_FL_TRUNC : 0) |
	       (column->hidden ? SCOLS_FL_HIDDEN : 0);
}

static bool add_column(struct table *table, const struct field *field, bool hidden)
{
	struct column *column = &table->columns[table->nr_columns];
	char heading[32];

	if (table->nr_columns == COLUMNS_MAX)
		return false;
	column->field = field;
	column->hidden = hidden;
	heading_of(field, heading, sizeof(heading));
	column->smartcols = scols_table_new_column(table->smartcols, heading, 0,
						   flags_of(column));
	if (!column->smartcols)
		return false;
	table->nr_columns++;
	return true;
}

/* Scripts find the same columns every time. */
static bool add_columns(struct table *table, const char *list)
{
	const struct field *field;
	const char *wrong;
	bool shy;

	while ((field = next_in_list(table->listing, &list, &shy, &wrong)))
		if (!add_column(table, field, shy && !table->request->raw))
			return false;
	return true;
}

static bool add_wanted_columns(struct table *table)
{
	const char *wanted = table->request->columns;

	if (!wanted)
		return add_columns(table, table->listing->defaults);
	if (*wanted == '+')
		return add_columns(table, table->listing->defaults) &&
		       add_columns(table, wanted + 1);
	return add_columns(table, wanted);
}

/*
 * For a request that listing_check() found right. On success, table_close() ends what
 * begins here.
 */
enum status table_open(struct table **opened, const struct listing *listing,
		       const struct request *request)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		goto no_memory;
	table->listing = listing;
	table->request = request;
	table->smartcols = scols_new_table();
	if (!table->smartcols)
		goto no_table;
	if (!add_wanted_columns(table))
		goto no_columns;
	scols_table_enable_raw(table->smartcols, request->raw);
	scols_table_enable_noheadings(table->smartcols, request->no_headings);
	*opened = table;
	return STATUS_OK;

no_columns:
	scols_unref_table(table->smartcols);
no_table:
	free(table);
no_memory:
	say_error("out of memory");
	return STATUS_FAILURE;
}

static const char *text_of(const struct request *request, const struct cell *cell,
			   char *buffer, size_t size)
{
	bool plain = request->bytes || request->raw;

	switch (cell->kind) {
	case CELL_UNKNOWN:
		return "-";
	case CELL_OFF:
		return "off";
	case CELL_TEXT:
		/* libsmartcols escapes what is raw, blanks included. */
		if (request->raw)
			return *cell->text ? cell->text : "-";
		return text_escape(buffer, size, cell->text);
	case CELL_BYTES:
		if (!plain && request->unit)
			return units_in(buffer, cell->number, units_find(request->unit));
		if (!plain)
			return units_bytes(buffer, cell->number);
		break;
	case CELL_CHANGE:
		if (!plain)
			return units_change(buffer, cell->number);
		snprintf(buffer, size, "%" PRId64, (int64_t)cell->number);
		return buffer;
	case CELL_SECONDS:
		if (!plain)
			return units_age(buffer, cell->number);
		break;
	case CELL_NUMBER:
		break;
	default:
		return request->raw ? "-" : "";
	}
	snprintf(buffer, size, "%" PRIu64, cell->number);
	return buffer;
}

static void print(struct table *table)
{
	struct column *column;

	for (column = table->columns; column < table->columns + table->nr_columns; column++)
		scols_column_set_flags(column->smartcols, flags_of(column));
	if (scols_print_table(table->smartcols))
		table->failed = true;
}

static void print_so_far(struct table *table)
{
	print(table);
	scols_table_remove_lines(table->smartcols);
	scols_table_enable_noheadings(table->smartcols, true);
}

void table_row(struct table *table, const void *item)
{
	char buffer[TEXT_ESCAPED(MEMCLASS_NAME_MAX)];
	struct libscols_line *line;
	struct cell cell;
	const char *text;
	size_t i;

	if (scols_table_get_nlines(table->smartcols) == ROWS_AT_ONCE)
		print_so_far(table);
	line = scols_table_new_line(table->smartcols, NULL);
	if (!line) {
		table->failed = true;
		return;
	}
	for (i = 0; i < table->nr_columns; i++) {
		get(table->listing, table->columns[i].field, item, &cell);
		if (cell.number || is_unknown(&cell))
			table->columns[i].hidden = false;
		text = text_of(table->request, &cell, buffer, sizeof(buffer));
		if (scols_line_set_data(line, i, text))
			table->failed = true;
	}
}

enum status table_close(struct table *table)
{
	bool failed;

	print(table);
	failed = table->failed;
	scols_unref_table(table->smartcols);
	free(table);
	if (!failed)
		return STATUS_OK;
	say_error("the table could not be written");
	return STATUS_FAILURE;
}
