// SPDX-License-Identifier: GPL-2.0
/* Opens captures, and finds out whether they are any. */
#include "capture_database.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

/* More would only fill the memory. */
#define SAMPLES_MAX	1000000

bool database_say_unreadable(const struct capture *capture)
{
	say_error("cannot read %s: %s", capture->path, sqlite3_errmsg(capture->db));
	return false;
}

bool database_say_malformed(const struct capture *capture, const char *what)
{
	say_error("%s is no good capture: %s", capture->path, what);
	return false;
}

static bool get_number(struct capture *capture, const char *sql, int64_t *number)
{
	sqlite3_stmt *statement = NULL;
	bool got = !sqlite3_prepare_v2(capture->db, sql, -1, &statement, NULL) &&
		   sqlite3_step(statement) == SQLITE_ROW;

	if (got)
		*number = sqlite3_column_int64(statement, 0);
	else
		database_say_unreadable(capture);
	sqlite3_finalize(statement);
	return got;
}

/* A view or a virtual table of that name could do anything when it is asked. */
#define COUNT_TABLES \
	"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND " \
	"name IN ('fact', 'sample', 'counter', 'process', 'class', 'mapping', 'fault')"

static bool check_format(struct capture *capture)
{
	int64_t application, format, tables;

	if (!get_number(capture, "PRAGMA application_id", &application) ||
	    !get_number(capture, "PRAGMA user_version", &format) ||
	    !get_number(capture, COUNT_TABLES, &tables))
		return false;
	if (application != CAPTURE_APPLICATION)
		return database_say_malformed(capture, "'memclass record' did not make it");
	if (format != CAPTURE_FORMAT) {
		say_error("%s is of format %" PRId64 ", this client reads format %d",
			  capture->path, format, CAPTURE_FORMAT);
		return false;
	}
	return tables == NR_CAPTURE_TABLES ||
	       database_say_malformed(capture, "not all of its tables are there");
}

static bool add_sample(struct capture *capture, sqlite3_stmt *statement)
{
	struct sample *more;

	if (capture->nr_samples == SAMPLES_MAX)
		return database_say_malformed(capture, "it has more samples than there can be");
	more = realloc(capture->samples, (capture->nr_samples + 1) * sizeof(*more));
	if (!more) {
		say_error("out of memory");
		return false;
	}
	capture->samples = more;
	more[capture->nr_samples++] = (struct sample) {
		.id = sqlite3_column_int64(statement, 0),
		.when.unix_ns = sqlite3_column_int64(statement, 1),
		.when.boot_ns = sqlite3_column_int64(statement, 2),
	};
	return true;
}

static bool read_samples(struct capture *capture)
{
	sqlite3_stmt *statement = NULL;
	int result;

	result = sqlite3_prepare_v2(capture->db,
				    "SELECT sample, unix_ns, boot_ns FROM sample ORDER BY sample",
				    -1, &statement, NULL);
	while (!result && (result = sqlite3_step(statement)) == SQLITE_ROW)
		result = !add_sample(capture, statement);
	if (result != SQLITE_DONE && result != 1)
		database_say_unreadable(capture);
	sqlite3_finalize(statement);
	if (result != SQLITE_DONE)
		return false;
	capture->chosen = capture->nr_samples - 1;
	return capture->nr_samples || database_say_malformed(capture, "it has no samples");
}

/*
 * As it is: what lies beside the file, a journal perhaps, is not looked at, and
 * neither it nor the file is written to.
 */
static char *make_uri(const char *path)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789/._-";
	sqlite3_str *uri = sqlite3_str_new(NULL);

	sqlite3_str_appendall(uri, *path == '/' ? "file://" : "file:");
	for (; *path; path++)
		sqlite3_str_appendf(uri, strchr(safe, *path) ? "%c" : "%%%02X",
				    (unsigned char)*path);
	sqlite3_str_appendall(uri, "?immutable=1&mode=ro");
	return sqlite3_str_finish(uri);
}

static bool open_database(struct capture *capture)
{
	char *uri = make_uri(capture->path);
	int result;

	if (!uri) {
		say_error("out of memory");
		return false;
	}
	result = sqlite3_open_v2(uri, &capture->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	sqlite3_free(uri);
	if (result)
		return database_say_unreadable(capture);
	sqlite3_db_config(capture->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(capture->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_exec(capture->db, "PRAGMA cell_size_check = ON", NULL, NULL, NULL);
	return true;
}

bool database_open(struct capture *capture)
{
	return open_database(capture) && check_format(capture) && read_samples(capture);
}
