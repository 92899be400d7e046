// SPDX-License-Identifier: GPL-2.0
/*
 * Tables for people, and with --raw for scripts. libsmartcols lays them out for a
 * terminal, and keeps the texts.
 */
#include "table.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "say.h"
#include "text.h"

#define COLUMNS_MAX	(LISTING_COLUMNS_MAX + 16)	/* and the usual ones */

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
		size_t width;		/* of the widest text so far */
		bool hidden;		/* as long as there is nothing to be seen */
	} columns[COLUMNS_MAX];
	bool failed;
};

static int flags_of(const struct column *column)
{
	return (column->field->left ? 0 : SCOLS_FL_RIGHT) |
	       (column->field->cut ? SCOLS_FL_TRUNC : 0) |
	       (column->hidden ? SCOLS_FL_HIDDEN : 0);
}

static bool add_column(struct table *table, const struct field *field, bool hidden)
{
	struct column *column = &table->columns[table->nr_columns];
	char heading[HEADING_MAX];

	if (table->nr_columns == COLUMNS_MAX)
		return false;
	column->field = field;
	column->hidden = hidden;
	field_heading(field, heading);
	column->width = table->request->no_headings ? 0 : text_width(heading);
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

	while ((field = listing_next(table->listing, &list, &shy, &wrong)))
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
	/* What cell_show() gives is escaped; it need not be looked through again. */
	scols_table_enable_noencoding(table->smartcols, true);
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

static const struct column *last_shown(const struct table *table)
{
	const struct column *column = table->columns + table->nr_columns;

	while (column-- > table->columns)
		if (!column->hidden)
			return column;
	return NULL;
}

/* @text in its @column; blanks go after it unless it is the @last one. */
static void put_text(const struct column *column, const char *text, bool last)
{
	size_t blanks = column->width - text_width(text);

	for (; !column->field->left && blanks; blanks--)
		putc_unlocked(' ', stdout);
	fputs_unlocked(text, stdout);
	for (; !last && blanks; blanks--)
		putc_unlocked(' ', stdout);
}

/* A line of the table, or NULL for the headings. */
static void put_line(const struct table *table, struct libscols_line *line,
		     const struct column *last)
{
	const struct column *column;
	const char *text, *between = "";
	size_t i;

	for (i = 0; i < table->nr_columns; i++) {
		column = &table->columns[i];
		if (column->hidden)
			continue;
		text = scols_cell_get_data(line ? scols_line_get_cell(line, i) :
						  scols_column_get_header(column->smartcols));
		fputs_unlocked(between, stdout);
		put_text(column, text ? text : "", column == last);
		between = " ";
	}
	putc_unlocked('\n', stdout);
}

/*
 * Where no terminal is, nothing has to fit. libsmartcols would take twice as long: it
 * clears 8 KiB before each cell, and measures it twice, character by character.
 */
static bool print_unbounded(struct table *table)
{
	struct libscols_iter *iter = scols_new_iter(SCOLS_ITER_FORWARD);
	const struct column *last = last_shown(table);
	struct libscols_line *line;

	if (!iter)
		return false;
	if (scols_table_get_nlines(table->smartcols) && !scols_table_is_noheadings(table->smartcols))
		put_line(table, NULL, last);
	while (!scols_table_next_line(table->smartcols, iter, &line))
		put_line(table, line, last);
	scols_free_iter(iter);
	return !ferror(stdout);
}

static bool print_fitting(struct table *table)
{
	struct column *column;

	for (column = table->columns; column < table->columns + table->nr_columns; column++)
		scols_column_set_flags(column->smartcols, flags_of(column));
	return !scols_print_table(table->smartcols);
}

static void print(struct table *table)
{
	bool fitting = table->request->raw || isatty(STDOUT_FILENO);

	if (fitting ? !print_fitting(table) : !print_unbounded(table))
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
	char buffer[CELL_MAX];
	struct libscols_line *line;
	struct column *column;
	struct cell cell;
	const char *text;
	size_t i, width;

	if (scols_table_get_nlines(table->smartcols) == ROWS_AT_ONCE)
		print_so_far(table);
	line = scols_table_new_line(table->smartcols, NULL);
	if (!line) {
		table->failed = true;
		return;
	}
	for (i = 0; i < table->nr_columns; i++) {
		column = &table->columns[i];
		listing_get(table->listing, column->field, item, &cell);
		if (cell.number || cell_is_unknown(&cell))
			column->hidden = false;
		text = cell_show(&cell, table->request, buffer);
		width = text_width(text);
		if (width > column->width)
			column->width = width;
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
