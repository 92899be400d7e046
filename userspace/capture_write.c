// SPDX-License-Identifier: GPL-2.0
/*
 * Writes captures: under another name until all is there, so that whatever happens
 * there is a whole one, or none.
 */
#include "capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "unfinished.h"

struct capture_writer {
	const char *path;
	struct unfinished file;
	sqlite3 *db;
	uint64_t sample;
	struct cursor rows[NR_CAPTURE_TABLES];
};

/* The file that is being written, for who has to end at once. */
static char *volatile unfinished;

void capture_remove_unfinished(void)
{
	if (unfinished)
		unlink(unfinished);
}

static bool say_unwritable(const struct capture_writer *writer)
{
	int error = sqlite3_system_errno(writer->db);
	bool full = sqlite3_errcode(writer->db) == SQLITE_FULL;

	say_error("cannot write %s: %s", writer->path,
		  error && !full ? strerror(error) : sqlite3_errmsg(writer->db));
	return false;
}

static bool run(struct capture_writer *writer, const char *sql)
{
	return !sqlite3_exec(writer->db, sql, NULL, NULL, NULL) || say_unwritable(writer);
}

/*
 * Tables.
 */

static void add_field(void *sql, const char *name)
{
	sqlite3_str_appendf(sql, "\"%w\", ", name);
}

static void add_place(void *sql, const char *name)
{
	(void)name;
	sqlite3_str_appendall(sql, ", ?");
}

static bool create_table(struct capture_writer *writer, const struct capture_table *table)
{
	sqlite3_str *sql = sqlite3_str_new(writer->db);
	char *text;
	bool done;

	sqlite3_str_appendf(sql, "CREATE TABLE \"%w\" (", table->name);
	capture_fields(table, add_field, sql);
	sqlite3_str_appendf(sql, "PRIMARY KEY (%s)) WITHOUT ROWID", table->key);
	text = sqlite3_str_finish(sql);
	done = text && run(writer, text);
	sqlite3_free(text);
	return done;
}

/* What puts a row into it. */
static bool prepare_rows(struct capture_writer *writer, enum capture_table_id id)
{
	sqlite3_str *sql = sqlite3_str_new(writer->db);
	char *text;
	bool done;

	/* Of two counters of one name, cut perhaps, the first one counts. */
	sqlite3_str_appendf(sql, "INSERT OR IGNORE INTO \"%w\" VALUES (", capture_tables[id].name);
	capture_fields(&capture_tables[id], add_place, sql);
	sqlite3_str_appendall(sql, ")");
	text = sqlite3_str_finish(sql);
	if (!text)
		return say_unwritable(writer);
	/* There is a comma before the first of them. */
	*strchr(text, ',') = ' ';
	done = !sqlite3_prepare_v2(writer->db, text, -1, &writer->rows[id].statement, NULL) ||
	       say_unwritable(writer);
	sqlite3_free(text);
	return done;
}

static bool create_tables(struct capture_writer *writer)
{
	unsigned int i;

	for (i = 0; i < NR_CAPTURE_TABLES; i++)
		if (!create_table(writer, &capture_tables[i]) || !prepare_rows(writer, i))
			return false;
	return true;
}

/*
 * A file that is thrown away when something goes wrong needs no journal. A cache, in KiB
 * below zero, that fills up while it is written looks like a leak in what is recorded.
 */
static bool prepare(struct capture_writer *writer)
{
	char format[192];

	snprintf(format, sizeof(format),
		 "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
		 "PRAGMA cache_size = -128;"
		 "PRAGMA application_id = %d; PRAGMA user_version = %d;",
		 CAPTURE_APPLICATION, CAPTURE_FORMAT);
	return run(writer, format) && run(writer, "BEGIN") && create_tables(writer);
}

/* OK has to be followed by capture_finish() or capture_abandon(). */
enum status capture_create(struct capture_writer **created, const char *path)
{
	struct capture_writer *writer = calloc(1, sizeof(*writer));
	enum status status;

	if (!writer) {
		say_error("out of memory");
		return STATUS_FAILURE;
	}
	writer->path = path;
	status = unfinished_open(&writer->file, path);
	if (status) {
		free(writer);
		return status;
	}
	unfinished = writer->file.path;
	/* It is locked already, which over a network would keep SQLite's own locks out. */
	if (sqlite3_open_v2(writer->file.path, &writer->db, SQLITE_OPEN_READWRITE, "unix-none")) {
		say_unwritable(writer);
	} else if (prepare(writer)) {
		*created = writer;
		return STATUS_OK;
	}
	capture_abandon(writer);
	return STATUS_FAILURE;
}

/*
 * Rows.
 */

static struct cursor *begin_row(struct capture_writer *writer, enum capture_table_id id)
{
	writer->rows[id].at = 0;
	return &writer->rows[id];
}

static bool end_row(struct capture_writer *writer, struct cursor *row)
{
	bool done = sqlite3_step(row->statement) == SQLITE_DONE || say_unwritable(writer);

	sqlite3_reset(row->statement);
	return done;
}

bool capture_put_fact(struct capture_writer *writer, const char *key, const char *value)
{
	struct cursor *row = begin_row(writer, CAPTURE_TABLE_FACT);

	cursor_put_text(row, key);
	cursor_put_text(row, value);
	return end_row(writer, row);
}

bool capture_begin_sample(struct capture_writer *writer, uint64_t unix_ns, uint64_t boot_ns)
{
	struct cursor *row = begin_row(writer, CAPTURE_TABLE_SAMPLE);

	cursor_put(row, ++writer->sample);
	cursor_put(row, unix_ns);
	cursor_put(row, boot_ns);
	sqlite3_bind_null(row->statement, ++row->at);
	sqlite3_bind_null(row->statement, ++row->at);
	return end_row(writer, row);
}

bool capture_put_counter(struct capture_writer *writer, const char *name, uint64_t value)
{
	struct cursor *row = begin_row(writer, CAPTURE_TABLE_COUNTER);

	cursor_put(row, writer->sample);
	cursor_put_text(row, name);
	cursor_put(row, value);
	return end_row(writer, row);
}

static bool put_class(struct capture_writer *writer, const struct process *process,
		      const struct class_counts *class)
{
	struct cursor *row = begin_row(writer, CAPTURE_TABLE_CLASS);
	char name[CLASS_NAME_MAX];

	cursor_put(row, writer->sample);
	cursor_put(row, process->pid);
	cursor_put_text(row, class_name(name, class->class));
	cursor_put_counts(row, &class->counts);
	cursor_put_faults(row, &class->counts);
	return end_row(writer, row);
}

#define PUT(name, member)	cursor_put(row, item->member);

/* Its user is to be named, and its cgroup, where there are any. */
bool capture_put_process(struct capture_writer *writer, const struct process *item)
{
	struct cursor *row = begin_row(writer, CAPTURE_TABLE_PROCESS);
	bool done;
	size_t i;

	cursor_put(row, writer->sample);
	CAPTURE_PROCESS(PUT)
	cursor_put_text(row, item->comm);
	cursor_put_text(row, item->user);
	cursor_put_text(row, item->cgroup);
	cursor_put_counts(row, &item->total);
	cursor_put_faults(row, &item->total);
	done = end_row(writer, row);
	for (i = 0; done && i < item->nr_classes; i++)
		done = put_class(writer, item, &item->classes[i]);
	return done;
}

bool capture_put_mapping(struct capture_writer *writer, const struct vma *item)
{
	struct cursor *row = begin_row(writer, CAPTURE_TABLE_MAPPING);
	char name[CLASS_NAME_MAX];

	cursor_put(row, writer->sample);
	CAPTURE_MAPPING(PUT)
	cursor_put_text(row, class_name(name, item->class));
	cursor_put_text(row, item->name);
	cursor_put_counts(row, &item->counts);
	return end_row(writer, row);
}

#undef PUT

static bool put_dropped(struct capture_writer *writer, const struct all_faults *faults)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
		 "UPDATE sample SET dropped_minor = %lld, dropped_major = %lld WHERE sample = %lld",
		 (long long)faults->dropped_minor, (long long)faults->dropped_major,
		 (long long)writer->sample);
	return run(writer, sql);
}

bool capture_put_faults(struct capture_writer *writer, const struct all_faults *faults)
{
	char name[CLASS_NAME_MAX];
	struct cursor *row;
	size_t i;

	for (i = 0; i < faults->nr_classes; i++) {
		row = begin_row(writer, CAPTURE_TABLE_FAULT);
		cursor_put(row, writer->sample);
		cursor_put_text(row, class_name(name, faults->classes[i].class));
		cursor_put(row, faults->classes[i].counts.faults_off);
		cursor_put_faults(row, &faults->classes[i].counts);
		if (!end_row(writer, row))
			return false;
	}
	return put_dropped(writer, faults);
}

/* So that no more than one sample is kept in memory. */
bool capture_end_sample(struct capture_writer *writer)
{
	return run(writer, "COMMIT; BEGIN");
}

/*
 * The end.
 */

static void close_all(struct capture_writer *writer)
{
	unsigned int i;

	for (i = 0; i < NR_CAPTURE_TABLES; i++)
		sqlite3_finalize(writer->rows[i].statement);
	sqlite3_close(writer->db);
	close(writer->file.fd);
	free(writer);
}

void capture_abandon(struct capture_writer *writer)
{
	unfinished = NULL;
	unfinished_remove(&writer->file);
	close_all(writer);
}

/* Others can see it once its name is there: not before all of it is on the disk. */
enum status capture_finish(struct capture_writer *writer)
{
	enum status status = STATUS_OK;

	if (!run(writer, "COMMIT")) {
		capture_abandon(writer);
		return STATUS_FAILURE;
	}
	if (fsync(writer->file.fd)) {
		say_error("cannot write %s: %s", writer->path, strerror(errno));
		capture_abandon(writer);
		return STATUS_FAILURE;
	}
	unfinished = NULL;
	if (unfinished_finish(&writer->file)) {
		say_error("cannot write %s: %s", writer->path, strerror(errno));
		status = STATUS_FAILURE;
	}
	close_all(writer);
	return status;
}
