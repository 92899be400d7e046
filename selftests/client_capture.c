// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: a capture says what was there when it was made, in every form; it is whole or
 * not there at all; and whatever a file holds, reading it ends well.
 * Oracle: the same commands without the capture, and what this test wrote and broke.
 */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "client/folder.h"
#include "client/run.h"
#include "client/synthetic.h"
#include "lib/patience.h"

#define FOLDER	"/tmp/client_capture"
#define CAPTURE	FOLDER "/a capture?#%41"
#define OTHER	FOLDER "/other"

/* Where a SQLite file says what it is, in big-endian order. */
#define USER_VERSION	60
#define APPLICATION_ID	68

static char *load(const char *path, size_t *size)
{
	FILE *file = fopen(path, "re");
	char *bytes = malloc(1 << 22);

	*size = file && bytes ? fread(bytes, 1, 1 << 22, file) : 0;
	if (file)
		fclose(file);
	return bytes;
}

static void save(const char *path, const char *bytes, size_t size)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file))
		abort();
}

/* The text file "faults" as the module writes it, for two classes. */
static const char faults_text[] =
	"class type minor_read minor_write minor_exec major_read major_write major_exec "
	"cow_faults remote_faults\n"
	"heap private-anon 1 2 3 4 5 6 7 8\n"
	"stack private-anon 11 12 13 14 15 16 17 18\n"
	"dropped - 21 0 0 22 0 0 0 0\n";

/*
 * The module returns the next record when there is none at an offset, which a file
 * cannot: there is one folder to read all of it, and one to read some of it.
 */
FIXTURE(layout)
{
	struct synthetic all, some;
};

FIXTURE_VARIANT(layout)
{
	struct layout layout;
};

FIXTURE_VARIANT_ADD(layout, own) {
	.layout = {
		.nr_columns = MEMCLASS_NR_COLUMNS,
		.nr_classes = MEMCLASS_NR_CLASSES,
		.nr_faults = sizeof(struct memclass_faults) / sizeof(__u64),
	},
};

FIXTURE_VARIANT_ADD(layout, faults_off) {
	.layout = {
		.nr_columns = MEMCLASS_NR_COLUMNS,
		.nr_classes = MEMCLASS_NR_CLASSES,
		.nr_faults = sizeof(struct memclass_faults) / sizeof(__u64),
		.faults_off = true,
	},
};

FIXTURE_VARIANT_ADD(layout, older) {
	.layout = {
		.nr_columns = MEMCLASS_NR_COLUMNS - 5,
		.nr_classes = MEMCLASS_NR_CLASSES - 3,
	},
};

FIXTURE_VARIANT_ADD(layout, newer) {
	.layout = {
		.head_more = 72,
		.nr_columns = MEMCLASS_NR_COLUMNS + 4,
		.nr_classes = MEMCLASS_NR_CLASSES * 3,
		.nr_faults = sizeof(struct memclass_faults) / sizeof(__u64) + 2,
	},
};

FIXTURE_VARIANT_ADD(layout, newer_without_names) {
	.layout = {
		.nr_columns = MEMCLASS_NR_COLUMNS + 4,
		.nr_classes = MEMCLASS_NR_CLASSES + 2,
		.unnamed = true,
	},
};

static void write_faults(const struct synthetic *synthetic)
{
	if (synthetic->layout.nr_faults)
		synthetic_write(synthetic, "faults", faults_text, strlen(faults_text), 0);
}

static void remove_synthetic(const struct synthetic *synthetic)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/faults", synthetic->dir);
	unlink(path);
	synthetic_remove((struct synthetic *)synthetic);
}

FIXTURE_SETUP(layout)
{
	unsigned int i;

	mkdir(FOLDER, 0700);
	synthetic_make(&self->all, &variant->layout);
	synthetic_make(&self->some, &variant->layout);
	write_faults(&self->all);
	write_faults(&self->some);
	for (i = 1; i <= 3; i++) {
		synthetic_add_record(&self->all, i - 1, i);
		synthetic_add_record(&self->some, i, i);
	}
	for (i = 0; i < 40; i++) {
		synthetic_add_vma(&self->all, i, 1, i);
		synthetic_add_vma(&self->some, MEMCLASS_VMA_INDEX(1, i), 1, i);
	}
}

FIXTURE_TEARDOWN(layout)
{
	remove_synthetic(&self->all);
	remove_synthetic(&self->some);
	remove_folder(FOLDER);
}

/* What a process can run into is known of those alone that live. */
static void cut_off_limits(char *text)
{
	char *limits = strstr(text, ", \"headroom\": ");

	if (limits)
		strcpy(limits, "}\n");
}

static void expect_same(struct __test_metadata *_metadata, const char *dir,
			const char *command, const char *option, const char *pid)
{
	struct run live, later;

	run(&live, command, option, "--debugfs", dir, pid, NULL);
	run(&later, command, option, "--source", CAPTURE, pid, NULL);
	EXPECT_EQ(0, later.status)
	TH_LOG("%s %s: %s", command, option, later.err);
	EXPECT_EQ(0, live.status);
	EXPECT_LT(20U, strlen(live.out));
	cut_off_limits(live.out);
	EXPECT_STREQ(live.out, later.out);
	run_free(&live);
	run_free(&later);
}

TEST_F(layout, all)
{
	const char *dir = self->all.dir;
	struct stat stat_of;
	struct run got;

	run(&got, "record", "-o", CAPTURE, "--debugfs", dir, NULL);
	EXPECT_EQ(0, got.status)
	TH_LOG("%s", got.err);
	EXPECT_STREQ("", got.out);
	run_free(&got);
	/* It says what everybody's processes have. */
	ASSERT_EQ(0, stat(CAPTURE, &stat_of));
	EXPECT_EQ(0600U, stat_of.st_mode & 07777);
	EXPECT_EQ(1, files_in(FOLDER));

	expect_same(_metadata, dir, "ps", "--json", NULL);
	expect_same(_metadata, dir, "ps", "-r", NULL);
	if (variant->layout.nr_faults)
		expect_same(_metadata, dir, "faults", "--json", NULL);
}

TEST_F(layout, some)
{
	const char *dir = self->some.dir;
	struct run got;

	run(&got, "record", "-o", CAPTURE, "--debugfs", dir, "3", "1", "2", "1", NULL);
	EXPECT_EQ(0, got.status)
	TH_LOG("%s", got.err);
	run_free(&got);
	expect_same(_metadata, dir, "show", "--json", "2");
	expect_same(_metadata, dir, "show", "-r", "3");
	expect_same(_metadata, dir, "maps", "--json", "1");
	run(&got, "faults", "--source", CAPTURE, "2", NULL);
	EXPECT_EQ(0, got.status);
	run_free(&got);
	run(&got, "show", "--source", CAPTURE, "4", NULL);
	EXPECT_EQ(1, got.status);
	EXPECT_NE(NULL, strstr(got.err, "there is no process 4 in " FOLDER));
	run_free(&got);
}

/* One good capture, for what is done to it. */
FIXTURE(capture)
{
	struct synthetic synthetic;
	struct run run;
	char *bytes;
	size_t size;
};

FIXTURE_SETUP(capture)
{
	unsigned int i;

	mkdir(FOLDER, 0700);
	synthetic_make(&self->synthetic, &layout_own);
	for (i = 0; i < 3; i++)
		synthetic_add_record(&self->synthetic, i, i + 1);
	for (i = 0; i < 40; i++)
		synthetic_add_vma(&self->synthetic, i, 1, i);
	run(&self->run, "record", "-o", CAPTURE, "--interval", "0.05", "--for", "0.1",
	    "--debugfs", self->synthetic.dir, NULL);
	ASSERT_EQ(0, self->run.status)
	TH_LOG("%s", self->run.err);
	run_free(&self->run);
	self->bytes = load(CAPTURE, &self->size);
	ASSERT_LT(4096U, self->size);
}

FIXTURE_TEARDOWN(capture)
{
	synthetic_remove(&self->synthetic);
	remove_folder(FOLDER);
	free(self->bytes);
	run_free(&self->run);
}

static void expect_refused(struct __test_metadata *_metadata, const char *path,
			   const char *message)
{
	struct run got;

	run(&got, "ps", "--json", "--source", path, NULL);
	EXPECT_EQ(1, got.status);
	EXPECT_STREQ("", got.out);
	EXPECT_NE(NULL, strstr(got.err, message))
	TH_LOG("%s", got.err);
	run_free(&got);
}

TEST_F(capture, that_is_none)
{
	static const unsigned char other[4] = { 0, 0, 0, 2 };
	char bytes[100];

	expect_refused(_metadata, FOLDER "/missing", "cannot open");
	expect_refused(_metadata, "no_such_word", "there is no source 'no_such_word'");
	expect_refused(_metadata, FOLDER, "is no file");
	ASSERT_EQ(0, mkfifo(OTHER, 0600));
	expect_refused(_metadata, OTHER, "is no file");
	unlink(OTHER);
	save(OTHER, "", 0);
	expect_refused(_metadata, OTHER, "no good capture");
	memset(bytes, 'x', sizeof(bytes));
	save(OTHER, bytes, sizeof(bytes));
	expect_refused(_metadata, OTHER, "file is not a database");
	memcpy(self->bytes + USER_VERSION, other, sizeof(other));
	save(OTHER, self->bytes, self->size);
	expect_refused(_metadata, OTHER, "is of format 2, this client reads format 1");
	memcpy(self->bytes + APPLICATION_ID, other, sizeof(other));
	save(OTHER, self->bytes, self->size);
	expect_refused(_metadata, OTHER, "'memclass record' did not make it");
}

TEST_F(capture, that_is_cut_off)
{
	size_t part;

	for (part = 1; part < 6; part++) {
		save(OTHER, self->bytes, self->size * part / 6);
		expect_refused(_metadata, OTHER, OTHER);
	}
}

/*
 * As much as a capture of 100 MiB may take, and no more. A client that checks itself
 * (SANITIZED, see fuzz/run) needs terabytes of addresses.
 */
static void be_small(void)
{
	const struct rlimit memory = { 128 << 20, 128 << 20 }, seconds = { 20, 20 };

	if ((!getenv("SANITIZED") && setrlimit(RLIMIT_AS, &memory)) ||
	    setrlimit(RLIMIT_CPU, &seconds))
		_exit(125);
}

/* What is asked of it decides what is read, and not how long it is. */
TEST_F(capture, that_is_large)
{
	static const char *const commands[] = { "ps", "maps", "diff", "report" };
	unsigned int i;
	struct run got;

	save(OTHER, self->bytes, self->size);
	ASSERT_EQ(0, truncate(OTHER, 5L << 30));
	for (i = 0; i < 4; i++) {
		if (i < 2)
			run_after(&got, be_small, commands[i], "--source", OTHER, i ? "1" : NULL, NULL);
		else
			run_after(&got, be_small, commands[i], OTHER, NULL);
		EXPECT_EQ(0, got.status)
		TH_LOG("%s: %s", commands[i], got.err);
		run_free(&got);
	}
}

/* A wrong figure at worst; never a crash, never output that is none. */
TEST_F(capture, that_is_damaged)
{
	static const char *const commands[] = { "ps", "maps", "diff", "report" };
	unsigned int seed = 1, i;
	char *damaged = malloc(self->size);

	ASSERT_NE(NULL, damaged);
	for (i = 0; i < 12; i++) {
		const char *command = commands[i % 4];

		memcpy(damaged, self->bytes, self->size);
		damaged[100 + rand_r(&seed) % 4000] ^= 1 << rand_r(&seed) % 8;
		memset(damaged + rand_r(&seed) % (self->size - 8), rand_r(&seed), 8);
		save(OTHER, damaged, self->size);
		if (i % 4 < 2)
			run(&self->run, command, "--json", "--source", OTHER, i % 4 ? "1" : NULL,
			    NULL);
		else
			run(&self->run, command, OTHER, i % 4 == 2 ? "--json" : NULL, NULL);
		EXPECT_TRUE(self->run.status == 0 || self->run.status == 1)
		TH_LOG("%s ended with %d", command, self->run.status);
		if (self->run.status == 1) {
			EXPECT_EQ(0, strncmp(self->run.err, "memclass: ", 10));
		} else if (i % 4 < 3) {
			EXPECT_TRUE(run_json(&self->run));
		}
		run_free(&self->run);
	}
	free(damaged);
}

/*
 * Making one.
 */

TEST_F(capture, replaces_another)
{
	struct run got;

	save(OTHER, "x", 1);
	run(&got, "record", "-o", OTHER, "--debugfs", self->synthetic.dir, NULL);
	EXPECT_EQ(0, got.status);
	run_free(&got);
	run(&got, "ps", "--source", OTHER, NULL);
	EXPECT_EQ(0, got.status);
	run_free(&got);
	EXPECT_EQ(2, files_in(FOLDER));
}

TEST_F(capture, leaves_nothing_half_made)
{
	struct run got;

	run(&got, "record", "-o", FOLDER "/missing/file", "--debugfs", self->synthetic.dir, NULL);
	EXPECT_EQ(1, got.status);
	EXPECT_NE(NULL, strstr(got.err, "cannot make " FOLDER "/missing/file: No such file"));
	run_free(&got);
	run(&got, "record", "-o", FOLDER "/file", "--debugfs", self->synthetic.dir, "77", NULL);
	EXPECT_EQ(1, got.status);
	run_free(&got);
	run(&got, "report", "-o", FOLDER "/missing/file", CAPTURE, NULL);
	EXPECT_EQ(1, got.status);
	EXPECT_NE(NULL, strstr(got.err, "cannot make"));
	run_free(&got);
	EXPECT_EQ(1, files_in(FOLDER));
}

TEST_F(capture, full_disk)
{
	static const char *const lines[] = {
		"memclass record -o " FOLDER "/small/file --debugfs %s",
		"memclass report '" CAPTURE "' -o " FOLDER "/small/file",
	};
	char line[256];
	struct run got;
	size_t i;

	if (geteuid())
		SKIP(return, "needs root");
	mkdir(FOLDER "/small", 0700);
	ASSERT_EQ(0, mount("tmpfs", FOLDER "/small", "tmpfs", 0, "size=8k"));
	for (i = 0; i < 2; i++) {
		snprintf(line, sizeof(line), lines[i], self->synthetic.dir);
		run_shell(&got, line);
		EXPECT_EQ(1, got.status);
		EXPECT_NE(NULL, strstr(got.err, "cannot write " FOLDER "/small/file: "))
		TH_LOG("%s", got.err);
		EXPECT_EQ(0, files_in(FOLDER "/small"));
		run_free(&got);
	}
	umount(FOLDER "/small");
	rmdir(FOLDER "/small");
}

/* What was recorded until then is kept. */
TEST_F(capture, interrupted)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	unsigned int tries;
	struct run got;
	size_t i;

	for (i = 0; i < 3; i++) {
		run_start(&got, "record", "-o", OTHER, "--interval", "1000", "--debugfs",
			  self->synthetic.dir, NULL);
		/* It expects to be interrupted when there is a file. */
		for (tries = 0; files_in(FOLDER) == 1 && tries < 6000; tries++)
			usleep(10000);
		kill(got.pid, signals[i]);
		run_finish(&got);
		EXPECT_EQ(0, got.status)
		TH_LOG("%s", got.err);
		run_free(&got);
		EXPECT_EQ(2, files_in(FOLDER));
		run(&got, "maps", "--source", OTHER, "1", NULL);
		EXPECT_EQ(0, got.status);
		run_free(&got);
		unlink(OTHER);
	}
}

TEST_F(capture, of_a_process_that_ends)
{
	pid_t pid = fork();
	char text[16];
	struct run got;

	if (!pid) {
		pause();
		_exit(0);
	}
	snprintf(text, sizeof(text), "%d", pid);
	run_start(&got, "record", "--source=proc", "-o", OTHER, "--interval", "0.1", text, NULL);
	usleep(300000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	run_finish(&got);
	/* Slow machines: it may have ended before it was looked at first. */
	if (strstr(got.err, "there is no process")) {
		EXPECT_EQ(1, got.status);
		EXPECT_EQ(1, files_in(FOLDER));
	} else {
		EXPECT_EQ(0, got.status)
		TH_LOG("%s", got.err);
		EXPECT_EQ(2, files_in(FOLDER));
	}
	run_free(&got);
}

/*
 * Comparing two.
 */

static const struct json *change_of(const struct json *json, uint64_t pid, const char *class)
{
	const struct json *change = json_member(json, "changes");

	for (change = change ? change->first : NULL; change; change = change->next)
		if (json_number(change, "pid") == pid &&
		    !strcmp(json_string(change, "class"), class))
			return change;
	return NULL;
}

/* The first process has more heap, the second one is gone, the fourth one is new. */
static void make_other(struct synthetic *synthetic)
{
	struct memclass_record *record;
	size_t size;

	record = (void *)synthetic_record(&synthetic->layout, 1, &size);
	record->classes[MEMCLASS_CLASS_HEAP].pss += 12345;
	synthetic_write(synthetic, "records", record, size, 0);
	free(record);
	synthetic_add_record(synthetic, 1, 3);
	synthetic_add_record(synthetic, 2, 4);
}

TEST_F(capture, differs)
{
	uint64_t heap_1 = synthetic_value(1, MEMCLASS_CLASS_HEAP, MEMCLASS_COLUMN_pss);
	uint64_t heap_2 = synthetic_value(2, MEMCLASS_CLASS_HEAP, MEMCLASS_COLUMN_pss);
	uint64_t text_4 = synthetic_value(4, MEMCLASS_CLASS_TEXT, MEMCLASS_COLUMN_pss);
	const struct json *change;

	make_other(&self->synthetic);
	run(&self->run, "record", "-o", OTHER, "--debugfs", self->synthetic.dir, NULL);
	ASSERT_EQ(0, self->run.status);
	run_free(&self->run);
	run(&self->run, "diff", "--json", CAPTURE, OTHER, NULL);
	ASSERT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_STREQ("pss", json_string(self->run.json, "column"));
	EXPECT_EQ(JSON_TRUE, json_type(self->run.json, "same_boot"));
	change = change_of(self->run.json, 1, "heap");
	EXPECT_STREQ("same", json_string(change, "state"));
	EXPECT_EQ(heap_1, json_number(change, "before"));
	EXPECT_EQ(heap_1 + 12345, json_number(change, "after"));
	change = change_of(self->run.json, 2, "heap");
	EXPECT_STREQ("gone", json_string(change, "state"));
	EXPECT_EQ(heap_2, json_number(change, "before"));
	EXPECT_EQ(0ULL, json_number(change, "after"));
	change = change_of(self->run.json, 4, "text");
	EXPECT_STREQ("new", json_string(change, "state"));
	EXPECT_EQ(text_4, json_number(change, "after"));
	/* What did not change is not there. */
	EXPECT_EQ(NULL, change_of(self->run.json, 3, "heap"));
	EXPECT_EQ(NULL, change_of(self->run.json, 1, "text"));
	EXPECT_EQ((size_t)(1 + 2 * MEMCLASS_NR_CLASSES),
		  json_length(json_member(self->run.json, "changes")));
	run_free(&self->run);

	run(&self->run, "diff", "-rn", "--by", "class", "-o", "class,change", CAPTURE, OTHER, NULL);
	EXPECT_EQ(0, self->run.status);
	snprintf(self->bytes, self->size, "heap %lld\n", 12345 + 2000000LL);
	EXPECT_NE(NULL, strstr(self->run.out, self->bytes))
	TH_LOG("%s", self->run.out);
	run_free(&self->run);

	run(&self->run, "diff", CAPTURE, NULL);
	EXPECT_EQ(0, self->run.status);
	run_free(&self->run);
	run(&self->run, "diff", OTHER, NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.err, "one sample"));
}

/*
 * Judging one.
 */

#define JUDGED	FOLDER "/judged"

/* One sample was recorded: of it there are as many, a second and 8 MiB of heap apart. */
#define SAMPLES		20
#define STEP		(8 << 20)
#define AN_HOUR		(3600ULL * STEP)
static const char growth[] =
	"UPDATE sample SET boot_ns = sample * 1000000000;"
	"UPDATE process SET cgroup = '/there', vmas = 1, threads = 1;"
	"UPDATE class SET rss = sample * 8388608, swap = 0, lazyfree = 0, vmas = 1,"
	" virt = sample * 8388608 WHERE pid = 1 AND class = 'heap';";
static const char growth_of_slab[] =
	"UPDATE counter SET value = 100 * 1048576 + sample * 8388608 WHERE name = 'SUnreclaim'";

static bool do_sql(sqlite3 *db, const char *statements)
{
	if (!sqlite3_exec(db, statements, NULL, NULL, NULL))
		return true;
	fprintf(stderr, "%s\n", sqlite3_errmsg(db));
	return false;
}

static bool copy_sample(sqlite3 *db, unsigned int number)
{
	static const char *const tables[] = { "sample", "counter", "process", "class" };
	char statements[256];
	bool copied = true;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		snprintf(statements, sizeof(statements),
			 "CREATE TEMP TABLE one AS SELECT * FROM %s WHERE sample = 1;"
			 "UPDATE one SET sample = %u;"
			 "INSERT INTO %s SELECT * FROM one; DROP TABLE one",
			 tables[i], number, tables[i]);
		copied &= do_sql(db, statements);
	}
	return copied;
}

static bool grow(const char *path, const char *more)
{
	bool grown = true;
	unsigned int i;
	sqlite3 *db;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL))
		return false;
	for (i = 2; i <= SAMPLES; i++)
		grown &= copy_sample(db, i);
	grown &= do_sql(db, growth) && do_sql(db, more);
	sqlite3_close(db);
	return grown;
}

static const struct json *finding_of(const struct json *json, const char *class)
{
	const struct json *finding = json_member(json, "findings");

	for (finding = finding ? finding->first : NULL; finding; finding = finding->next)
		if (json_number(finding, "pid") == 1 &&
		    !strcmp(json_string(finding, "class"), class))
			return finding;
	return NULL;
}

static void expect_heap_growth(struct __test_metadata *_metadata, const struct run *run)
{
	const struct json *finding = finding_of(run->json, "heap");

	ASSERT_NE(NULL, finding);
	EXPECT_STREQ("heap-growth", json_string(finding, "verdict"));
	EXPECT_EQ(AN_HOUR, json_number(finding, "rate"));
	EXPECT_EQ((uint64_t)SAMPLES * STEP, json_number(finding, "now"));
	EXPECT_EQ(100U, json_number(finding, "fit"));
	EXPECT_EQ(100U, json_number(finding, "share"));
	/* Limits are of another time, and maybe of another machine. */
	EXPECT_EQ(JSON_NULL, json_type(finding, "limit"));
	EXPECT_STREQ("steady", json_string(finding_of(run->json, "stack"), "verdict"));
}

/* By hand, by its name, by its control group, and with all others: the same. */
TEST_F(capture, judged)
{
	static const char *const ways[][2] = {
		{ "1", NULL },
		{ "--name", "synthetic" },
		{ "--cgroup", "/there" },
		{ "--all", NULL },
	};
	struct synthetic only;
	size_t i;

	synthetic_make(&only, &layout_own);
	synthetic_add_record(&only, 1, 1);
	run(&self->run, "record", "-o", JUDGED, "--debugfs", only.dir, "1", NULL);
	synthetic_remove(&only);
	ASSERT_EQ(0, self->run.status)
	TH_LOG("%s", self->run.err);
	run_free(&self->run);
	ASSERT_TRUE(grow(JUDGED, ""));
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		run(&self->run, "watch", "--json", "--source", JUDGED, ways[i][0], ways[i][1], NULL);
		EXPECT_EQ(3, self->run.status)
		TH_LOG("%s: %s", ways[i][0], self->run.err);
		ASSERT_TRUE(run_json(&self->run));
		EXPECT_EQ((uint64_t)SAMPLES, json_number(self->run.json, "samples"));
		EXPECT_EQ((SAMPLES - 1) * 1000000000ULL,
			  json_number(self->run.json, "watched_ns"));
		expect_heap_growth(_metadata, &self->run);
		run_free(&self->run);
	}
	run(&self->run, "report", JUDGED, NULL);
	EXPECT_NE(NULL, strstr(self->run.out, "suspected heap-growth"));
	run_free(&self->run);
	run(&self->run, "watch", "--source", JUDGED, "2", NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.err, "there is no process 2 in"));
	run_free(&self->run);
	run(&self->run, "watch", "--source", JUDGED, "--for", "3", NULL);
	EXPECT_EQ(2, self->run.status);
}

/* The machine, where all processes were recorded and no figure of the module's is missing. */
TEST_F(capture, judged_machine)
{
	const struct json *finding;

	run(&self->run, "record", "-o", JUDGED, "--debugfs", self->synthetic.dir, NULL);
	ASSERT_EQ(0, self->run.status);
	run_free(&self->run);
	ASSERT_TRUE(grow(JUDGED, growth_of_slab));
	run(&self->run, "watch", "--json", "--source", JUDGED, NULL);
	EXPECT_EQ(3, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	finding = json_member(self->run.json, "findings")->first;
	while (finding && strcmp(json_string(finding, "class"), "slab"))
		finding = finding->next;
	ASSERT_NE(NULL, finding);
	EXPECT_EQ(JSON_NULL, json_type(finding, "pid"));
	EXPECT_STREQ("unattributed-growth", json_string(finding, "verdict"));
	EXPECT_EQ(AN_HOUR, json_number(finding, "rate"));
}

/*
 * The page.
 */

static int count(const char *text, const char *word)
{
	int found = 0;

	while ((text = strstr(text, word))) {
		found++;
		text += strlen(word);
	}
	return found;
}

static void expect_balanced(struct __test_metadata *_metadata, const char *page)
{
	static const char *const names[] = { "html", "head", "body", "table", "tr", "td", "th",
					     "svg", "figure", "div", "p", "h2", "text", "title" };
	char open[16], open_with[16], close[16];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(open, sizeof(open), "<%s>", names[i]);
		snprintf(open_with, sizeof(open_with), "<%s ", names[i]);
		snprintf(close, sizeof(close), "</%s>", names[i]);
		EXPECT_EQ(count(page, open) + count(page, open_with), count(page, close))
		TH_LOG("%s", names[i]);
	}
}

TEST_F(capture, report)
{
	struct memclass_record *record;
	size_t size;

	record = (void *)synthetic_record(&self->synthetic.layout, 1, &size);
	memcpy(record->comm, "<script>&\"\n\x1b", 13);
	synthetic_write(&self->synthetic, "records", record, size, 0);
	free(record);
	run(&self->run, "record", "-o", OTHER, "--interval", "0.05", "--for", "0.2", "--debugfs",
	    self->synthetic.dir, NULL);
	ASSERT_EQ(0, self->run.status);
	run_free(&self->run);

	run(&self->run, "report", OTHER, NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_STREQ("", self->run.err);
	EXPECT_EQ(0, strncmp(self->run.out, "<!DOCTYPE html>", 15));
	expect_balanced(_metadata, self->run.out);
	/* An area for each class that has something; all of them do. */
	EXPECT_EQ(MEMCLASS_NR_CLASSES, count(self->run.out, "<polygon "));
	EXPECT_NE(0, count(self->run.out, "&lt;script&gt;&amp;&quot;\\012\\033"));
	EXPECT_EQ(0, count(self->run.out, "<script"));
	/* Nothing is fetched. */
	EXPECT_EQ(0, count(self->run.out, "://"));
	EXPECT_EQ(0, count(self->run.out, " src="));
	run_free(&self->run);

	run(&self->run, "report", "-o", OTHER ".html", OTHER, NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_STREQ("", self->run.out);
	EXPECT_EQ(3, files_in(FOLDER));
}

TEST_HARNESS_MAIN
