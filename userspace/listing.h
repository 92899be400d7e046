/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LISTING_H
#define LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "columns.h"
#include "command.h"
#include "text.h"

/* What a table shows at one place. */
struct cell {
	enum {
		CELL_EMPTY,
		CELL_UNKNOWN,		/* not counted: "-" */
		CELL_OFF,		/* because it is turned off */
		CELL_TEXT,
		CELL_NUMBER,
		CELL_BYTES,
		CELL_CHANGE,		/* of bytes: the number has a sign */
		CELL_SECONDS,
	} kind;
	uint64_t number;
	bool at_least;			/* and there can be more */
	const char *text;		/* not escaped; can be in scratch */
	char scratch[MEMCLASS_NAME_MAX + 8];
};

void cell_text(struct cell *cell, const char *text);
__attribute__((format(printf, 2, 3))) void cell_format(struct cell *cell,
						       const char *format, ...);
void cell_number(struct cell *cell, uint64_t number);
void cell_bytes(struct cell *cell, uint64_t bytes);
void cell_change(struct cell *cell, int64_t bytes);
bool cell_is_unknown(const struct cell *cell);
int cell_compare(const struct cell *a, const struct cell *b, bool ascending);

/* Room for whatever a cell can have. */
#define CELL_MAX	TEXT_ESCAPED(MEMCLASS_NAME_MAX)

const char *cell_show(const struct cell *cell, const struct request *request,
		      char buffer[CELL_MAX]);

/* A column that tables can have. */
struct field {
	const char *name;		/* for -o and -s */
	const char *heading;		/* NULL: the name, in capitals */
	const char *help;
	/* Fills in what @item has there. NULL: @counted of its counts. */
	void (*get)(const void *item, struct cell *cell);
	uint64_t counted;		/* bits of columns */
	uint64_t faults;		/* or of those of page faults */
	bool left;			/* numbers stand on the right */
	bool cut;			/* where the screen is too small */
	bool ascending;			/* when sorted by it */
};

#define HEADING_MAX	32

void field_heading(const struct field *field, char heading[HEADING_MAX]);

/* What can be listed: the columns of one kind of item, each a struct of its own. */
#define LISTING_COLUMNS_MAX	64	/* that can be asked for */

struct listing {
	const struct field *fields;
	size_t nr_fields;
	const struct counts *(*counts)(const void *item);
	/* Names with commas between; one with ? behind it needs something to show. */
	const char *defaults;
};

/* The rows of fields[] for all that is counted. */
#define COUNTED_FIELD(field, tier, text) \
	{ .name = #field, .help = text, .counted = COLUMN_BIT(field) },
#define DERIVED_FIELD(field, columns, text) \
	{ .name = #field, .help = text, .counted = (columns) },
#define COUNTED_FIELDS \
	MEMCLASS_COLUMNS(COUNTED_FIELD) \
	DERIVED_COLUMNS(DERIVED_FIELD)

/* And for all page faults. */
#define FAULT_FIELD(field, text) \
	{ .name = #field, .help = text, .faults = FAULT_BIT(field) },
#define DERIVED_FAULT_FIELD(field, columns, text) \
	{ .name = #field, .help = text, .faults = (columns) },
#define FAULT_FIELDS \
	MEMCLASS_FAULTS(FAULT_FIELD) \
	DERIVED_FAULTS(DERIVED_FAULT_FIELD)

/* Return: NULL when there is none of that name. */
const struct field *listing_find(const struct listing *listing, const char *name);
const struct field *listing_next(const struct listing *listing, const char **list,
				 bool *shy, const char **wrong);
void listing_get(const struct listing *listing, const struct field *field, const void *item,
		 struct cell *cell);
void listing_sort(const struct listing *listing, const struct field *field,
		  const void **items, size_t count);
enum status listing_check(const struct listing *listing, const struct request *request,
			  const char *command);
void listing_help(const struct listing *listing);

#endif /* LISTING_H */
