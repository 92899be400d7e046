// SPDX-License-Identifier: GPL-2.0
/* What writing and reading captures have in common: the tables, and rows of them. */
#include "capture.h"

#include <stdio.h>
#include <string.h>

#define NAME(name, member)	#name ","

const struct capture_table capture_tables[NR_CAPTURE_TABLES] = {
	[CAPTURE_TABLE_FACT] = {
		.name = "fact",
		.fields = "key,value",
		.key = "key",
	},
	[CAPTURE_TABLE_SAMPLE] = {
		.name = "sample",
		.fields = "sample,unix_ns,boot_ns,dropped_minor,dropped_major",
		.key = "sample",
	},
	[CAPTURE_TABLE_COUNTER] = {
		.name = "counter",
		.fields = "sample,name,value",
		.key = "sample,name",
	},
	[CAPTURE_TABLE_PROCESS] = {
		.name = "process",
		.fields = "sample," CAPTURE_PROCESS(NAME) "comm,user,cgroup",
		.parts = CAPTURE_WITH_COUNTS | CAPTURE_WITH_FAULTS,
		.key = "sample,pid",
	},
	[CAPTURE_TABLE_CLASS] = {
		.name = "class",
		.fields = "sample,pid,class",
		.parts = CAPTURE_WITH_COUNTS | CAPTURE_WITH_FAULTS,
		.key = "sample,pid,class",
	},
	[CAPTURE_TABLE_MAPPING] = {
		.name = "mapping",
		.fields = "sample," CAPTURE_MAPPING(NAME) "class,name",
		.parts = CAPTURE_WITH_COUNTS,
		.key = "sample,pid,ordinal",
	},
	[CAPTURE_TABLE_FAULT] = {
		.name = "fault",
		.fields = "sample,class,faults_off",
		.parts = CAPTURE_WITH_FAULTS,
		.key = "sample,class",
	},
};

static const char *const fault_names[NR_FAULT_COLUMNS] = {
#define FAULT_NAME(field, text)	#field,
	MEMCLASS_FAULTS(FAULT_NAME)
#undef FAULT_NAME
};

/* A word of @list, which is moved behind it; NULL at the end. */
static const char *next_field(const char **list, char *field, size_t size)
{
	size_t length = strcspn(*list, ",");

	if (!length)
		return NULL;
	snprintf(field, size, "%.*s", (int)length, *list);
	*list += length + !!(*list)[length];
	return field;
}

void capture_fields(const struct capture_table *table,
		    void (*each)(void *data, const char *name), void *data)
{
	const char *list = table->fields;
	unsigned int i;
	char field[64];

	while (next_field(&list, field, sizeof(field)))
		each(data, field);
	for (i = 0; table->parts & CAPTURE_WITH_COUNTS && i < COUNTED_MAX; i++)
		if (column_name(i))
			each(data, column_name(i));
	for (i = 0; table->parts & CAPTURE_WITH_FAULTS && i < NR_FAULT_COLUMNS; i++)
		each(data, fault_names[i]);
}

/*
 * Rows. Failing to bind is failing to write: the step after it says so.
 */

void cursor_put(struct cursor *cursor, uint64_t number)
{
	sqlite3_bind_int64(cursor->statement, ++cursor->at, number);
}

void cursor_put_text(struct cursor *cursor, const char *text)
{
	sqlite3_bind_text(cursor->statement, ++cursor->at, text, -1, SQLITE_TRANSIENT);
}

static void put_if(struct cursor *cursor, bool known, uint64_t number)
{
	if (known)
		cursor_put(cursor, number);
	else
		sqlite3_bind_null(cursor->statement, ++cursor->at);
}

void cursor_put_counts(struct cursor *cursor, const struct counts *counts)
{
	unsigned int i;

	for (i = 0; i < COUNTED_MAX; i++)
		if (column_name(i))
			put_if(cursor, counts->filled & 1ULL << i, counts->values[i]);
}

void cursor_put_faults(struct cursor *cursor, const struct counts *counts)
{
	unsigned int i;

	for (i = 0; i < NR_FAULT_COLUMNS; i++)
		put_if(cursor, counts->faults_filled & 1ULL << i, counts->faults[i]);
}

uint64_t cursor_take(struct cursor *cursor)
{
	return sqlite3_column_int64(cursor->statement, cursor->at++);
}

/* Cut at the end of @text. */
void cursor_take_text(struct cursor *cursor, char *text, size_t size)
{
	const unsigned char *value = sqlite3_column_text(cursor->statement, cursor->at++);

	snprintf(text, size, "%s", value ? (const char *)value : "");
}

static bool take_if(struct cursor *cursor, uint64_t *number)
{
	bool known = sqlite3_column_type(cursor->statement, cursor->at) != SQLITE_NULL;

	*number = cursor_take(cursor);
	return known;
}

void cursor_take_counts(struct cursor *cursor, struct counts *counts)
{
	unsigned int i;

	counts->filled = 0;
	for (i = 0; i < COUNTED_MAX; i++)
		if (column_name(i) && take_if(cursor, &counts->values[i]))
			counts->filled |= 1ULL << i;
}

void cursor_take_faults(struct cursor *cursor, struct counts *counts)
{
	unsigned int i;

	counts->faults_filled = 0;
	for (i = 0; i < NR_FAULT_COLUMNS; i++)
		if (take_if(cursor, &counts->faults[i]))
			counts->faults_filled |= 1ULL << i;
}
