// SPDX-License-Identifier: GPL-2.0
/*
 * Figures from a capture. Anyone can have made the file: nothing in it is run, and
 * whatever it holds is at worst a wrong figure.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "capture_database.h"
#include "say.h"
#include "source_ops.h"

/* More would only fill the memory. */
#define CLASSES_MAX	4096
#define COUNTERS_MAX	4096

static struct capture *capture_of(struct source *source)
{
	return (struct capture *)source;
}

/*
 * Asking the database.
 */

/* A field that an older or newer client did not write is not known. */
struct selection {
	sqlite3_str *sql;
	sqlite3 *db;
	const char *table;
	bool first;
};

static void select_field(void *data, const char *name)
{
	struct selection *selection = data;

	sqlite3_str_appendall(selection->sql, selection->first ? "SELECT " : ", ");
	selection->first = false;
	if (sqlite3_table_column_metadata(selection->db, NULL, selection->table, name, NULL,
					  NULL, NULL, NULL, NULL))
		sqlite3_str_appendall(selection->sql, "NULL");
	else
		sqlite3_str_appendf(selection->sql, "\"%w\"", name);
}

/* All fields of a table, in their order, where @condition holds. */
static bool prepare(struct capture *capture, struct cursor *cursor, enum capture_table_id id,
		    const char *condition)
{
	struct selection selection = {
		.db = capture->db,
		.table = capture_tables[id].name,
		.first = true,
	};
	bool done;
	char *sql;

	if (cursor->statement)
		return true;
	selection.sql = sqlite3_str_new(capture->db);
	capture_fields(&capture_tables[id], select_field, &selection);
	sqlite3_str_appendf(selection.sql, " FROM \"%w\" %s", selection.table, condition);
	sql = sqlite3_str_finish(selection.sql);
	done = sql && (!sqlite3_prepare_v2(capture->db, sql, -1, &cursor->statement, NULL) ||
		       database_say_unreadable(capture));
	sqlite3_free(sql);
	return done;
}

/* Begins anew, with these numbers in place of the first and second "?". */
static void begin(struct capture *capture, struct cursor *cursor, int64_t second)
{
	sqlite3_reset(cursor->statement);
	sqlite3_bind_int64(cursor->statement, 1, capture->samples[capture->chosen].id);
	sqlite3_bind_int64(cursor->statement, 2, second);
}

/* The first value is the sample's number. */
static enum source_result next_row(struct capture *capture, struct cursor *cursor)
{
	cursor->at = 1;
	switch (sqlite3_step(cursor->statement)) {
	case SQLITE_ROW:
		return SOURCE_GOT;
	case SQLITE_DONE:
		return SOURCE_END;
	default:
		database_say_unreadable(capture);
		return SOURCE_FAILED;
	}
}

/*
 * Processes.
 */

static enum source_result take_class(struct capture *capture, struct class_counts *class)
{
	struct cursor *row = &capture->classes;
	char name[CLASS_NAME_MAX];

	memset(class, 0, sizeof(*class));
	cursor_take(row);
	cursor_take_text(row, name, sizeof(name));
	if (!class_find(name, &class->class)) {
		database_say_malformed(capture, "it has a class without a name");
		return SOURCE_FAILED;
	}
	cursor_take_counts(row, &class->counts);
	cursor_take_faults(row, &class->counts);
	return SOURCE_GOT;
}

static int compare_classes(const void *left, const void *right)
{
	const struct class_counts *a = left, *b = right;

	return (a->class > b->class) - (a->class < b->class);
}

static enum source_result take_classes(struct capture *capture, struct process *process)
{
	enum source_result result;
	struct class_counts *more;
	size_t room = 0;

	if (!prepare(capture, &capture->classes, CAPTURE_TABLE_CLASS,
		     "WHERE sample = ? AND pid = ?"))
		return SOURCE_FAILED;
	begin(capture, &capture->classes, process->pid);
	while ((result = next_row(capture, &capture->classes)) == SOURCE_GOT) {
		if (process->nr_classes == room) {
			room = room ? room * 2 : 16;
			more = realloc(process->classes, room * sizeof(*more));
			if (!more || room > CLASSES_MAX) {
				database_say_malformed(capture, "it has more classes than there can be");
				process->classes = more ?: process->classes;
				return SOURCE_FAILED;
			}
			process->classes = more;
		}
		result = take_class(capture, &process->classes[process->nr_classes]);
		if (result == SOURCE_FAILED)
			return result;
		process->classes[process->nr_classes++].counts.faults_off =
			process->total.faults_off;
	}
	if (process->nr_classes)
		qsort(process->classes, process->nr_classes, sizeof(*process->classes),
		      compare_classes);
	return result;
}

#define TAKE(name, member)	item->member = cursor_take(row);

static enum source_result next_process(struct source *source, struct process *item)
{
	struct capture *capture = capture_of(source);
	struct cursor *row = &capture->processes;
	enum source_result result = next_row(capture, row);
	char cgroup[PATH_MAX];

	if (result != SOURCE_GOT)
		return result;
	memset(item, 0, sizeof(*item));
	CAPTURE_PROCESS(TAKE)
	cursor_take_text(row, item->comm, sizeof(item->comm));
	cursor_take_text(row, item->user, sizeof(item->user));
	cursor_take_text(row, cgroup, sizeof(cgroup));
	cursor_take_counts(row, &item->total);
	cursor_take_faults(row, &item->total);
	if (item->pid <= 0) {
		database_say_malformed(capture, "it has a process without a number");
		return SOURCE_FAILED;
	}
	item->cgroup = strdup(cgroup);
	result = item->cgroup ? take_classes(capture, item) : SOURCE_FAILED;
	if (result == SOURCE_FAILED)
		process_free(item);
	return result == SOURCE_END ? SOURCE_GOT : result;
}

static enum source_result processes_from(struct capture *capture, pid_t pid,
					 struct process *process)
{
	if (!prepare(capture, &capture->processes, CAPTURE_TABLE_PROCESS,
		     "WHERE sample = ? AND pid >= ? ORDER BY pid"))
		return SOURCE_FAILED;
	begin(capture, &capture->processes, pid);
	return next_process(&capture->source, process);
}

static enum source_result first_process(struct source *source, struct process *process)
{
	return processes_from(capture_of(source), 0, process);
}

static enum source_result get_process(struct source *source, pid_t pid,
				      struct process *process)
{
	enum source_result result = processes_from(capture_of(source), pid, process);

	if (result == SOURCE_GOT && process->pid != pid) {
		process_free(process);
		result = SOURCE_END;
	}
	return result;
}

static void say_why_missing(struct source *source, pid_t pid)
{
	say_error("there is no process %d in %s", pid, capture_of(source)->path);
}

/*
 * Mappings, page faults and the rest.
 */

static enum source_result next_vma(struct source *source, struct vma *item)
{
	struct capture *capture = capture_of(source);
	struct cursor *row = &capture->mappings;
	enum source_result result = next_row(capture, row);
	char class[CLASS_NAME_MAX];

	if (result != SOURCE_GOT)
		return result;
	memset(item, 0, sizeof(*item));
	CAPTURE_MAPPING(TAKE)
	cursor_take_text(row, class, sizeof(class));
	cursor_take_text(row, item->name, sizeof(item->name));
	cursor_take_counts(row, &item->counts);
	if (class_find(class, &item->class))
		return SOURCE_GOT;
	database_say_malformed(capture, "it has a class without a name");
	return SOURCE_FAILED;
}

#undef TAKE

static enum source_result first_vma(struct source *source, pid_t pid, struct vma *vma)
{
	struct capture *capture = capture_of(source);

	if (!prepare(capture, &capture->mappings, CAPTURE_TABLE_MAPPING,
		     "WHERE sample = ? AND pid >= ? ORDER BY pid, ordinal"))
		return SOURCE_FAILED;
	begin(capture, &capture->mappings, pid);
	return next_vma(source, vma);
}

static bool add_faults(struct all_faults *faults, const struct class_counts *class)
{
	struct class_counts *more;

	if (faults->nr_classes == CLASSES_MAX)
		return false;
	more = realloc(faults->classes, (faults->nr_classes + 1) * sizeof(*more));
	if (!more)
		return false;
	faults->classes = more;
	more[faults->nr_classes++] = *class;
	counts_add_faults(&faults->total, &class->counts);
	return true;
}

static bool take_faults(struct capture *capture, struct cursor *row,
			struct all_faults *faults)
{
	struct class_counts class = { 0 };
	char name[CLASS_NAME_MAX];

	cursor_take_text(row, name, sizeof(name));
	class.counts.faults_off = cursor_take(row);
	cursor_take_faults(row, &class.counts);
	if (class_find(name, &class.class) && add_faults(faults, &class))
		return true;
	return database_say_malformed(capture, "its page faults make no sense");
}

static enum source_result take_dropped(struct capture *capture, struct all_faults *faults)
{
	enum source_result result = SOURCE_FAILED;
	struct cursor row = { NULL, 0 };

	if (prepare(capture, &row, CAPTURE_TABLE_SAMPLE, "WHERE sample = ?")) {
		begin(capture, &row, 0);
		result = next_row(capture, &row);
	}
	if (result == SOURCE_GOT) {
		row.at = 3;
		faults->dropped_minor = cursor_take(&row);
		faults->dropped_major = cursor_take(&row);
	}
	sqlite3_finalize(row.statement);
	return result;
}

static enum status get_faults(struct source *source, struct all_faults *faults)
{
	struct capture *capture = capture_of(source);
	enum source_result result = SOURCE_FAILED;
	struct cursor row = { NULL, 0 };

	memset(faults, 0, sizeof(*faults));
	counts_clear(&faults->total);
	if (prepare(capture, &row, CAPTURE_TABLE_FAULT, "WHERE sample = ?")) {
		begin(capture, &row, 0);
		while ((result = next_row(capture, &row)) == SOURCE_GOT)
			if (!take_faults(capture, &row, faults))
				break;
	}
	sqlite3_finalize(row.statement);
	if (result == SOURCE_END && faults->nr_classes) {
		qsort(faults->classes, faults->nr_classes, sizeof(*faults->classes),
		      compare_classes);
		result = take_dropped(capture, faults);
	}
	if (result == SOURCE_GOT)
		return STATUS_OK;
	if (result == SOURCE_END)
		say_error("%s has no page faults by class: it was recorded without the module",
			  capture->path);
	all_faults_free(faults);
	return STATUS_FAILURE;
}

static uint64_t now_ns(struct source *source)
{
	struct capture *capture = capture_of(source);

	return capture->samples[capture->chosen].when.boot_ns;
}

/* Of the whole capture. Lasts until the next one is asked for; NULL: there is none. */
const char *capture_fact(struct source *source, const char *key)
{
	struct capture *capture = capture_of(source);
	sqlite3_stmt *statement = NULL;
	const unsigned char *value;

	free(capture->fact);
	capture->fact = NULL;
	if (!sqlite3_prepare_v2(capture->db, "SELECT value FROM fact WHERE key = ?", -1,
				&statement, NULL) &&
	    !sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC) &&
	    sqlite3_step(statement) == SQLITE_ROW) {
		value = sqlite3_column_text(statement, 0);
		capture->fact = value ? strdup((const char *)value) : NULL;
	}
	sqlite3_finalize(statement);
	return capture->fact;
}

/* Of the sample that is chosen. */
static enum status get_counters(struct source *source, struct counters *counters)
{
	struct capture *capture = capture_of(source);
	enum source_result result = SOURCE_FAILED;
	struct cursor row = { NULL, 0 };
	char name[sizeof(counters->list->name)];

	memset(counters, 0, sizeof(*counters));
	if (prepare(capture, &row, CAPTURE_TABLE_COUNTER, "WHERE sample = ?")) {
		begin(capture, &row, 0);
		while ((result = next_row(capture, &row)) == SOURCE_GOT) {
			cursor_take_text(&row, name, sizeof(name));
			if (counters->nr == COUNTERS_MAX ||
			    !counters_add(counters, name, cursor_take(&row))) {
				database_say_malformed(capture, "it has more counters than there can be");
				break;
			}
		}
	}
	sqlite3_finalize(row.statement);
	if (result == SOURCE_END)
		return STATUS_OK;
	counters_free(counters);
	return STATUS_FAILURE;
}

size_t capture_nr_samples(const struct source *source)
{
	return capture_of((struct source *)source)->nr_samples;
}

/* What is asked of the source from now on is about this one. */
const struct capture_sample *capture_choose(struct source *source, size_t sample)
{
	struct capture *capture = capture_of(source);

	capture->chosen = sample;
	return &capture->samples[sample].when;
}

/*
 * Opening.
 */

static void capture_close(struct source *source)
{
	struct capture *capture = capture_of(source);

	sqlite3_finalize(capture->processes.statement);
	sqlite3_finalize(capture->classes.statement);
	sqlite3_finalize(capture->mappings.statement);
	sqlite3_close(capture->db);
	free(capture->samples);
	free(capture->fact);
	free(capture);
}

static const struct source_ops capture_ops = {
	.name = "capture",
	.process = get_process,
	.first_process = first_process,
	.next_process = next_process,
	.first_vma = first_vma,
	.next_vma = next_vma,
	.faults = get_faults,
	.counters = get_counters,
	.say_why_missing = say_why_missing,
	.now_ns = now_ns,
	.close = capture_close,
};

static void learn_names(struct capture *capture)
{
	static const struct {
		enum names names;
		const char *fact;
	} lists[] = {
		{ NAMES_CLASSES, FACT_CLASS_NAMES },
		{ NAMES_CLASS_TYPES, FACT_CLASS_TYPES },
		{ NAMES_COLUMNS, FACT_COLUMN_NAMES },
	};
	const char *words;
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		words = capture_fact(&capture->source, lists[i].fact);
		if (words)
			names_learn(lists[i].names, words);
	}
}

/* OK has to be followed by source_close(). */
enum status capture_open(struct source **source, const char *path)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (!capture) {
		say_error("out of memory");
		return STATUS_FAILURE;
	}
	capture->source.ops = &capture_ops;
	capture->path = path;
	if (!database_open(capture)) {
		capture_close(&capture->source);
		return STATUS_FAILURE;
	}
	learn_names(capture);
	*source = &capture->source;
	return STATUS_OK;
}
