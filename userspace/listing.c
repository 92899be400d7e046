// SPDX-License-Identifier: GPL-2.0
/* What can be listed, and how what is listed looks: columns by name, cells, order. */
#include "listing.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "units.h"

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

bool cell_is_unknown(const struct cell *cell)
{
	return cell->kind == CELL_UNKNOWN || cell->kind == CELL_OFF;
}

/* For numbers of either sign: what is less stays less without one. */
static uint64_t without_sign(const struct cell *cell)
{
	return cell->kind == CELL_CHANGE ? cell->number ^ 1ULL << 63 : cell->number;
}

/* What is unknown comes last, texts from a to z, most figures from the largest. */
int cell_compare(const struct cell *a, const struct cell *b, bool ascending)
{
	if (a->kind != b->kind)
		return cell_is_unknown(a) - cell_is_unknown(b);
	if (a->kind == CELL_TEXT)
		return strcmp(a->text, b->text);
	if (a->number == b->number)
		return 0;
	return (without_sign(a) < without_sign(b)) == ascending ? -1 : 1;
}

/* As a table has it. Return: in @buffer or elsewhere. */
const char *cell_show(const struct cell *cell, const struct request *request,
		      char buffer[CELL_MAX])
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
		return text_escape(buffer, CELL_MAX, cell->text);
	case CELL_BYTES:
		if (!plain && request->unit)
			return units_in(buffer, cell->number, units_find(request->unit));
		if (!plain)
			return units_bytes(buffer, cell->number);
		break;
	case CELL_CHANGE:
		if (!plain)
			return units_change(buffer, cell->number);
		snprintf(buffer, CELL_MAX, "%" PRId64, (int64_t)cell->number);
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
	units_number(buffer, cell->number);
	return cell->at_least && !request->raw ? strcat(buffer, "+") : buffer;
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

void listing_get(const struct listing *listing, const struct field *field, const void *item,
		 struct cell *cell)
{
	cell->kind = CELL_EMPTY;
	cell->number = 0;
	cell->at_least = false;
	if (field->get)
		field->get(item, cell);
	else if (field->faults)
		get_faults(listing, field, item, cell);
	else
		get_counted(listing, field, item, cell);
}

void field_heading(const struct field *field, char heading[HEADING_MAX])
{
	size_t i;

	snprintf(heading, HEADING_MAX, "%s", field->heading ?: field->name);
	for (i = 0; heading[i]; i++)
		heading[i] = heading[i] == '_' ? '-' : toupper((unsigned char)heading[i]);
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
const struct field *listing_next(const struct listing *listing, const char **list,
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
	while (listing_next(listing, &list, &shy, &wrong))
		count++;
	if (!wrong && request->sort && !listing_find(listing, request->sort))
		wrong = request->sort;
	if (wrong) {
		say_usage(command, "there is no column '%.*s'", (int)strcspn(wrong, ","), wrong);
		return STATUS_USAGE;
	}
	if (count > LISTING_COLUMNS_MAX) {
		say_usage(command, "more than %d columns", LISTING_COLUMNS_MAX);
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

static int compare(const void *left, const void *right, void *data)
{
	const void *a = *(const void **)left, *b = *(const void **)right;
	const struct order *order = data;
	struct cell cell_a, cell_b;

	listing_get(order->listing, order->field, a, &cell_a);
	listing_get(order->listing, order->field, b, &cell_b);
	/* What is equal stays as it was, in the array that the pointers point into. */
	return cell_compare(&cell_a, &cell_b, order->field->ascending) ?: (a > b) - (a < b);
}

/* Sorts pointers into one array of items. */
void listing_sort(const struct listing *listing, const struct field *field,
		  const void **items, size_t count)
{
	struct order order = { listing, field };

	qsort_r(items, count, sizeof(*items), compare, &order);
}
