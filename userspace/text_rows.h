/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEXT_ROWS_H
#define TEXT_ROWS_H

#include <stdbool.h>

#include "command.h"

/*
 * The module's text files: a line with the names of columns, then a row a line, of which
 * the last column is a name that can have blanks, and is escaped as in /proc.
 */
struct text_rows {
	const char *last;		/* what the last column is called */
	const char *unsupported;	/* why the kernel may have no such thing, or NULL */
	void *item;			/* a row */
	/* Puts the value of a column into @item; called for all but the last. */
	void (*take)(void *item, const char *column, const char *value);
	void *list;
	/* Ends a row with its name, and clears @item. Return: false, out of memory. */
	bool (*add)(void *list, void *item, const char *name);
};

/* What could not be read has been complained about. */
enum status text_rows_read(const struct request *request, const char *name,
			   const struct text_rows *rows);

#endif /* TEXT_ROWS_H */
