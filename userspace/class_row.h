/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CLASS_ROW_H
#define CLASS_ROW_H

struct cell;
struct counts;

/* Of no class: the sum of all. */
#define CLASS_TOTAL	(~0U)

/* An item is a struct class_counts. */
void class_row_class(const void *item, struct cell *cell);
void class_row_type(const void *item, struct cell *cell);
const struct counts *class_row_counts(const void *item);

#define CLASS_ROW_FIELDS \
	{ .name = "class", .help = "finer kind of a mapping", .get = class_row_class, .left = true }, \
		{ .name = "type", .help = "how it was asked for", .get = class_row_type, .left = true },

#endif /* CLASS_ROW_H */
