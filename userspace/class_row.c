// SPDX-License-Identifier: GPL-2.0
/* Rows of tables that have one for each class, and one for their sum. */
#include "class_row.h"

#include "source.h"
#include "table.h"

void class_row_class(const void *item, struct cell *cell)
{
	const struct class_counts *row = item;
	char name[CLASS_NAME_MAX];

	cell_format(cell, "%s",
		    row->class == CLASS_TOTAL ? "total" : class_name(name, row->class));
}

void class_row_type(const void *item, struct cell *cell)
{
	const struct class_counts *row = item;
	const char *type = class_type_name(row->class);

	if (type)
		cell_text(cell, type);
	else if (row->class != CLASS_TOTAL)
		cell->kind = CELL_UNKNOWN;
}

const struct counts *class_row_counts(const void *item)
{
	return &((const struct class_counts *)item)->counts;
}
