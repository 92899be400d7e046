/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_KINDS_H
#define TOP_KINDS_H

#include "top_model.h"

/* The kinds of rows: processes, classes of one of them, mappings of one class there. */
extern const struct top_kind top_processes;
extern const struct top_kind top_classes;
extern const struct top_kind top_mappings;

extern const struct listing top_process_listing;

/* A process is put into a row without what of it is of no use there, and freed. */
void top_row_take(struct top_row *row, struct process *process);

/* A type, in one letter. */
extern const char top_type_letters[MEMCLASS_NR_TYPES + 1];

/* The column whose text is made of them. */
#define TOP_TYPES_FIELD	"types"

/* Does @field need a look at each page? */
bool top_needs_pages(const struct field *field);

#endif /* TOP_KINDS_H */
