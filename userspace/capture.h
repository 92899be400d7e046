/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"

/*
 * What a capture looks like: a SQLite database, so that people can ask it what they
 * like. memclass(8) describes its tables. What was not counted is NULL.
 */
#define CAPTURE_APPLICATION	0x6d656d63	/* PRAGMA application_id: "memc" */
#define CAPTURE_FORMAT		1		/* PRAGMA user_version */

/*
 * The numbers of a process, of one of its mappings, and what reading them took.
 * X(name, member)
 */
#define CAPTURE_COST(X) \
	X(walk_ns, cost.walk_ns) \
	X(max_hold_ns, cost.max_hold_ns) \
	X(slices, cost.slices) \
	X(lock_drops, cost.lock_drops) \
	X(changed, cost.changed) \
	X(cost_unknown, cost.unknown)

#define CAPTURE_PROCESS(X) \
	X(pid, pid) \
	X(start_ns, start_ns) \
	X(ppid, ppid) \
	X(uid, uid) \
	X(threads, threads) \
	X(page_tables, page_tables) \
	X(shared_mm, shared_mm) \
	X(shared_mm_unknown, shared_mm_unknown) \
	X(classes_unknown, classes_unknown) \
	X(cheap, cheap) \
	X(faults_off, total.faults_off) \
	X(faults_dropped, faults_dropped) \
	CAPTURE_COST(X)

#define CAPTURE_MAPPING(X) \
	X(pid, pid) \
	X(ordinal, ordinal) \
	X(start_ns, start_ns) \
	X(start, start) \
	X(end, end) \
	X(prot, prot) \
	X(shared, shared) \
	X(offset, offset) \
	X(dev_major, dev_major) \
	X(dev_minor, dev_minor) \
	X(inode, inode) \
	X(name_cut, name_cut) \
	X(cheap, cheap) \
	CAPTURE_COST(X)

/* The tables, with what stands in them. */
enum capture_part {
	CAPTURE_WITH_COUNTS = 1,
	CAPTURE_WITH_FAULTS = 2,
};

struct capture_table {
	const char *name;
	const char *fields;		/* with commas between: numbers, then texts */
	unsigned int parts;
	const char *key;
};

enum capture_table_id {
	CAPTURE_TABLE_FACT,
	CAPTURE_TABLE_SAMPLE,
	CAPTURE_TABLE_COUNTER,
	CAPTURE_TABLE_PROCESS,
	CAPTURE_TABLE_CLASS,
	CAPTURE_TABLE_MAPPING,
	CAPTURE_TABLE_FAULT,
	NR_CAPTURE_TABLES
};

extern const struct capture_table capture_tables[NR_CAPTURE_TABLES];

/* Calls @each for every field of the table, in their order. */
void capture_fields(const struct capture_table *table,
		    void (*each)(void *data, const char *name), void *data);

/* Facts about the whole capture. */
#define FACT_CLASS_NAMES	"class_names"	/* as in the module's "version" */
#define FACT_CLASS_TYPES	"class_types"
#define FACT_COLUMN_NAMES	"column_names"
#define FACT_SOURCE		"source"	/* module, or proc */
#define FACT_HOST		"host"
#define FACT_KERNEL		"kernel"
#define FACT_BOOT		"boot"		/* differs after a reboot */
#define FACT_PROCESSES		"processes"	/* all, or some */
#define FACT_CLIENT		"client"
#define FACT_VERSION		"version"	/* the text of the module's "version" */

/* The values of a row, one after the other. */
struct cursor {
	sqlite3_stmt *statement;
	int at;				/* the next one */
};

void cursor_put(struct cursor *cursor, uint64_t number);
void cursor_put_text(struct cursor *cursor, const char *text);
void cursor_put_counts(struct cursor *cursor, const struct counts *counts);
void cursor_put_faults(struct cursor *cursor, const struct counts *counts);

uint64_t cursor_take(struct cursor *cursor);
void cursor_take_text(struct cursor *cursor, char *text, size_t size);
void cursor_take_counts(struct cursor *cursor, struct counts *counts);
void cursor_take_faults(struct cursor *cursor, struct counts *counts);

/*
 * Writing one. It gets its name when it is whole: one of finish and abandon ends it.
 */
struct capture_writer;

enum status capture_create(struct capture_writer **writer, const char *path);
bool capture_put_fact(struct capture_writer *writer, const char *key, const char *value);
bool capture_begin_sample(struct capture_writer *writer, uint64_t unix_ns, uint64_t boot_ns);
bool capture_put_counter(struct capture_writer *writer, const char *name, uint64_t value);
bool capture_put_process(struct capture_writer *writer, const struct process *process);
bool capture_put_mapping(struct capture_writer *writer, const struct vma *vma);
bool capture_put_faults(struct capture_writer *writer, const struct all_faults *faults);
bool capture_end_sample(struct capture_writer *writer);
enum status capture_finish(struct capture_writer *writer);
void capture_abandon(struct capture_writer *writer);

/* From a signal handler, before the program ends. */
void capture_remove_unfinished(void);

/*
 * Reading one. It is a source, whose processes are those of one of its samples: the
 * last one, until another one is chosen.
 */
struct capture_sample {
	uint64_t unix_ns;
	uint64_t boot_ns;
};

enum status capture_open(struct source **source, const char *path);
size_t capture_nr_samples(const struct source *source);
const struct capture_sample *capture_choose(struct source *source, size_t sample);
const char *capture_fact(struct source *source, const char *key);

#endif /* CAPTURE_H */
