/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROCESS_ROW_H
#define PROCESS_ROW_H

#include "listing.h"

/* No process has this pid: the sum of all. */
#define PROCESS_ROW_TOTAL	0

struct process;

/* An item begins with a struct process. */
void process_row_pid(const void *item, struct cell *cell);
void process_row_ppid(const void *item, struct cell *cell);
void process_row_uid(const void *item, struct cell *cell);
void process_row_user(const void *item, struct cell *cell);
void process_row_comm(const void *item, struct cell *cell);
void process_row_mm(const void *item, struct cell *cell);
void process_row_threads(const void *item, struct cell *cell);
void process_row_age(const void *item, struct cell *cell);
void process_row_tables(const void *item, struct cell *cell);
void process_row_of_type(const struct process *process, enum memclass_type type,
			 struct cell *cell);
const struct counts *process_row_counts(const void *item);

#define TYPE_ROW(type, name, text) \
	void process_row_##type(const void *item, struct cell *cell);
MEMCLASS_TYPES(TYPE_ROW)
#undef TYPE_ROW

/* Full names would fill the screen. */
#define PROCESS_ROW_HEADING_PRIVATE_ANON	"P-ANON"
#define PROCESS_ROW_HEADING_PRIVATE_FILE	"P-FILE"
#define PROCESS_ROW_HEADING_SHARED_ANON	"S-ANON"
#define PROCESS_ROW_HEADING_SHARED_FILE	"S-FILE"
#define PROCESS_ROW_HEADING_OTHER		"OTHER"

#define PROCESS_ROW_TYPE_FIELD(type, type_name, text) \
	{ \
		.name = type_name, \
		.heading = PROCESS_ROW_HEADING_##type, \
		.help = "pss of that type; rss with --cheap", \
		.get = process_row_##type, \
	},

#define PROCESS_ROW_FIELDS \
	{ .name = "pid", .help = "process id", .get = process_row_pid, .ascending = true }, \
		{ .name = "ppid", .help = "its parent's", .get = process_row_ppid, .ascending = true }, \
		{ .name = "uid", .help = "user's number", .get = process_row_uid, .ascending = true }, \
		{ .name = "user", .help = "user", .get = process_row_user, .left = true, .cut = true }, \
		{ .name = "comm", .heading = "COMMAND", .help = "name", .get = process_row_comm, .left = true, .cut = true }, \
		{ .name = "mm", .help = "shared: with a process of a lower pid, not in the total", .get = process_row_mm, .left = true }, \
		{ .name = "threads", .help = "threads", .get = process_row_threads }, \
		{ .name = "age", .help = "time since it was started", .get = process_row_age }, \
		{ .name = "page-tables", .heading = "PGTABLES", .help = "page tables", .get = process_row_tables },

#define PROCESS_ROW_TYPE_FIELDS	MEMCLASS_TYPES(PROCESS_ROW_TYPE_FIELD)

#endif /* PROCESS_ROW_H */
