// SPDX-License-Identifier: GPL-2.0
#include "top_kinds.h"

#include <string.h>

#include "class_row.h"
#include "process_row.h"
#include "vma_row.h"

/*
 * What only rows with a past have.
 */

static void get_growth(const void *item, struct cell *cell)
{
	int64_t per_minute;

	if (top_row_growth(item, &per_minute))
		cell_change(cell, per_minute);
	else
		cell->kind = CELL_UNKNOWN;
}

/* By level, from the lowest on; the first one is where there was nothing. */
static const char *const levels_utf8[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const levels_ascii[] = { " ", "_", ".", "-", "=", "+", "*", "%", "#" };

static void get_trend(const void *item, struct cell *cell)
{
	const struct top_row *row = item;
	unsigned char levels[sizeof(cell->scratch) / 4];
	unsigned int width = row->model->width, i;
	char *at = cell->scratch;

	if (width > sizeof(levels))
		width = sizeof(levels);
	top_row_levels(row, levels, width);
	for (i = 0; i < width; i++)
		at = stpcpy(at, (row->model->ascii ? levels_ascii : levels_utf8)[levels[i]]);
	cell_text(cell, cell->scratch);
}

static void get_verdict(const void *item, struct cell *cell)
{
	cell_text(cell, ((const struct top_row *)item)->verdict ?: "");
}

#define PAST_FIELDS \
	{ .name = "growth", .heading = "+/MIN", .help = "what it becomes more a minute: RSS and swap", .get = get_growth }, \
		{ .name = "trend", .help = "RSS and swap over the last 64 readings", .get = get_trend, .left = true },

#define TYPES_FIELD \
	{ .name = TOP_TYPES_FIELD, .help = "how large, and of which types", .get = get_types, .left = true },
#define VERDICT_FIELD \
	{ .name = "verdict", .help = "what its growth looks like, as 'memclass watch' tells", .get = get_verdict, .left = true },

/* What rows have that the kernel can take back only by swapping or ending: RSS and swap. */
static uint64_t size_of(const struct counts *counts)
{
	uint64_t size, more;

	if (!counts_get(counts, COLUMN_BIT(rss), &size))
		return TOP_UNKNOWN;
	if (counts_get(counts, COLUMN_BIT(swap), &more))
		size += more;
	return size;
}

/*
 * Processes.
 */

const char top_type_letters[MEMCLASS_NR_TYPES + 1] = "APSFO";

static void get_of_type(const void *item, enum memclass_type type, struct cell *cell)
{
	const struct top_row *row = item;

	if (row->types[type] == TOP_UNKNOWN)
		cell->kind = CELL_UNKNOWN;
	else
		cell_bytes(cell, row->types[type]);
}

#define TYPE_GETTER(type, type_name, text) \
	static void get_##type(const void *item, struct cell *cell) \
	{ \
		get_of_type(item, MEMCLASS_TYPE_##type, cell); \
	}
MEMCLASS_TYPES(TYPE_GETTER)

#define TYPE_FIELD(type, type_name, text) \
	{ \
		.name = type_name, \
		.heading = PROCESS_ROW_HEADING_##type, \
		.help = "pss of that type; rss where pss is not counted", \
		.get = get_##type, \
	},

/* As long as the row is large, next to the largest one. */
static void get_types(const void *item, struct cell *cell)
{
	const struct top_row *row = item;
	unsigned char which[sizeof(cell->scratch) - 1];
	unsigned int width = row->model->width, i;

	if (row->types[0] == TOP_UNKNOWN) {
		cell->kind = CELL_UNKNOWN;
		return;
	}
	if (width > sizeof(which))
		width = sizeof(which);
	top_bar(row->types, MEMCLASS_NR_TYPES, row->model->largest, width, which);
	for (i = 0; i < width; i++)
		cell->scratch[i] = which[i] < MEMCLASS_NR_TYPES ? top_type_letters[which[i]] : ' ';
	cell->scratch[width] = '\0';
	cell_text(cell, cell->scratch);
}

void top_row_take(struct top_row *row, struct process *process)
{
	enum memclass_type type;
	struct cell cell;

	for (type = 0; type < MEMCLASS_NR_TYPES; type++) {
		process_row_of_type(process, type, &cell);
		row->types[type] = cell.kind == CELL_BYTES ? cell.number : TOP_UNKNOWN;
	}
	process_free(process);
	row->process = *process;
}

static const struct field process_fields[] = {
	PROCESS_ROW_FIELDS MEMCLASS_TYPES(TYPE_FIELD) PAST_FIELDS TYPES_FIELD COUNTED_FIELDS FAULT_FIELDS
};

const struct listing top_process_listing = {
	.fields = process_fields,
	.nr_fields = sizeof(process_fields) / sizeof(process_fields[0]),
	.counts = process_row_counts,
	.defaults = "pid,user,rss,growth,trend,types?,swap?,private-anon?,private-file?,"
		    "shared-anon?,shared-file?,other?,comm",
};

static const char *process_name(const struct top_row *row, char buffer[CLASS_NAME_MAX])
{
	(void)buffer;
	return row->process.comm;
}

static uint64_t process_size(const struct top_row *row)
{
	return size_of(&row->process.total);
}

const struct top_kind top_processes = {
	.listing = &top_process_listing,
	.sort = "rss",
	.with_pages = "pid,user,pss?,rss,growth,trend,types?,swap?,private-anon?,"
		      "private-file?,shared-anon?,shared-file?,other?,comm",
	.name = process_name,
	.size = process_size,
};

/*
 * Classes.
 */

static const struct field class_fields[] = {
	CLASS_ROW_FIELDS PAST_FIELDS VERDICT_FIELD COUNTED_FIELDS FAULT_FIELDS
};

static const struct listing class_listing = {
	.fields = class_fields,
	.nr_fields = sizeof(class_fields) / sizeof(class_fields[0]),
	.counts = class_row_counts,
	.defaults = "class,rss,pss?,growth,trend,verdict,virt,vmas,dirty?,cow?,swap?,minor?,major?",
};

static const char *class_row_name(const struct top_row *row, char buffer[CLASS_NAME_MAX])
{
	return class_name(buffer, row->class.class);
}

static uint64_t class_size(const struct top_row *row)
{
	return size_of(&row->class.counts);
}

const struct top_kind top_classes = {
	.listing = &class_listing,
	.sort = "rss",
	.name = class_row_name,
	.size = class_size,
};

/*
 * Mappings.
 */

static const struct field mapping_fields[] = {
	VMA_ROW_FIELDS PAST_FIELDS COUNTED_FIELDS
};

static const struct listing mapping_listing = {
	.fields = mapping_fields,
	.nr_fields = sizeof(mapping_fields) / sizeof(mapping_fields[0]),
	.counts = vma_row_counts,
	.defaults = "start,rss,pss?,growth,trend,virt,perms,dirty?,swap?,cow?,name",
};

static const char *mapping_name(const struct top_row *row, char buffer[CLASS_NAME_MAX])
{
	(void)buffer;
	return row->vma.name;
}

static uint64_t mapping_size(const struct top_row *row)
{
	return size_of(&row->vma.counts);
}

const struct top_kind top_mappings = {
	.listing = &mapping_listing,
	.sort = "rss",
	.name = mapping_name,
	.size = mapping_size,
};

/*
 * Tiers.
 */

#define CHEAP(field)	| COLUMN_BIT(field)
#define FULL(field)
#define ADD(field, tier, text)	tier(field)

bool top_needs_pages(const struct field *field)
{
	return field->counted & ~(0 MEMCLASS_COLUMNS(ADD));
}
