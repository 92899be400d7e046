// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: memclass cgroups shows each memory cgroup with its limits, alone, with what is
 * below it, and by classes. Oracle: the limits and memory that the test set up; files of
 * the cgroup file system.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "client/run.h"
#include "lib/child.h"
#include "lib/settings.h"

#define ROOT	"/sys/fs/cgroup"
#define OUTER	"/memclass-outer"
#define INNER	OUTER "/inner"
#define LENGTH	(6 * MIB)
#define LIMIT	(64 * MIB)

FIXTURE(cgroups)
{
	struct child child;
	struct run run;
};

static void live(const struct child *parent, void *data)
{
	char *map;
	int fd;

	if (!setting_write(ROOT INNER "/cgroup.procs", "0"))
		_exit(1);
	map = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* A fault for each page. */
	madvise(map, LENGTH, MADV_NOHUGEPAGE);
	memset(map, 1, LENGTH);
	/* Nobody maps this. */
	fd = memfd_create("charged", MFD_CLOEXEC);
	if (posix_fallocate(fd, 0, LENGTH))
		_exit(1);
	(void)parent;
	(void)data;
}

FIXTURE_SETUP(cgroups)
{
	self->child.pid = -1;
	if (!module_is_there())
		SKIP(return, "needs the module");
	if (!setting_write(ROOT "/cgroup.subtree_control", "+memory"))
		SKIP(return, "there is no memory controller of cgroup v2");
	ASSERT_EQ(0, mkdir(ROOT OUTER, 0755));
	ASSERT_TRUE(setting_write(ROOT OUTER "/cgroup.subtree_control", "+memory"));
	ASSERT_EQ(0, mkdir(ROOT INNER, 0755));
	ASSERT_TRUE(setting_write_number(ROOT OUTER "/memory.max", LIMIT));
	ASSERT_TRUE(setting_write_number(ROOT INNER "/memory.high", 2 * LIMIT));
	self->child = child_start(live, NULL);
	ASSERT_LT(0, self->child.pid);
}

FIXTURE_TEARDOWN(cgroups)
{
	struct rounds rounds = { .seconds = 20 };

	if (self->child.pid > 0)
		child_end(&self->child);
	run_free(&self->run);
	while (!access(ROOT INNER, F_OK) && rmdir(ROOT INNER) && again(&rounds, 100000))
		usleep(1000);
	rmdir(ROOT OUTER);
}

#define RUN_JSON(...) \
	do { \
		run_free(&self->run); \
		run(&self->run, "cgroups", "--json", ##__VA_ARGS__, NULL); \
		ASSERT_EQ(0, self->run.status) \
		TH_LOG("%s", self->run.err); \
		ASSERT_TRUE(run_json(&self->run)); \
	} while (0)

static const struct json *find(const struct run *run, const char *path)
{
	const struct json *row = json_member(run->json, "cgroups");

	for (row = row ? row->first : NULL; row; row = row->next)
		if (!strcmp(json_string(row, "path"), path))
			return row;
	return NULL;
}

static uint64_t of_class(const struct json *row, const char *class, const char *column)
{
	for (row = json_member(row, "classes")->first; row; row = row->next)
		if (!strcmp(json_string(row, "class"), class))
			return json_number(row, column);
	return 0;
}

static const struct json *limit_of(const struct json *row, const char *name)
{
	for (row = json_member(row, "limits")->first; row; row = row->next)
		if (!strcmp(json_string(row, "limit"), name))
			break;
	return row;
}

/* Without any of their own they can have what the machine has. */
TEST_F(cgroups, nearest)
{
	const struct json *root, *limit;

	ASSERT_TRUE(setting_write_number(ROOT OUTER "/memory.swap.max", 0));
	RUN_JSON();
	root = find(&self->run, "/");
	limit = limit_of(root, "ram+swap");
	ASSERT_NE(NULL, limit);
	EXPECT_EQ(json_number(limit, "left"), json_number(root, "headroom"));
	EXPECT_EQ(NULL, limit_of(root, "memory.swap.max"));
	/* That nothing may be swapped is no shortage of memory. */
	limit = limit_of(find(&self->run, INNER), "memory.swap.max");
	ASSERT_NE(NULL, limit);
	EXPECT_EQ(0U, json_number(limit, "left"));
	EXPECT_LT(0U, json_number(find(&self->run, INNER), "headroom"));
	run_free(&self->run);
	run(&self->run, "cgroups", "-rn", "-o", "nearest,cgroup", NULL);
	EXPECT_NE(NULL, strstr(self->run.out, "memory.max " INNER "\n"));
	EXPECT_NE(NULL, strstr(self->run.out, "ram+swap /\n"));
}

TEST_F(cgroups, each_alone)
{
	const struct json *outer, *inner;
	uint64_t current;

	RUN_JSON();
	outer = find(&self->run, OUTER);
	inner = find(&self->run, INNER);
	ASSERT_NE(NULL, outer);
	ASSERT_NE(NULL, inner);
	EXPECT_EQ(0U, json_number(outer, "processes"));
	EXPECT_EQ(1U, json_number(inner, "processes"));
	EXPECT_LE(LENGTH, of_class(inner, "anon", "rss"));
	EXPECT_LE(LENGTH / 4096, of_class(inner, "anon", "minor_write"));
	EXPECT_GT(LENGTH / 2048, of_class(inner, "anon", "minor_write"));
	EXPECT_EQ(LIMIT, json_number(outer, "limit"));
	EXPECT_EQ(JSON_NULL, json_type(inner, "limit"));
	current = json_number(outer, "current");
	EXPECT_LE(2 * LENGTH, current);
	EXPECT_EQ(LIMIT - current, json_number(outer, "headroom"));
	/* It has no limit of its own, but is below one. */
	EXPECT_EQ(json_number(outer, "headroom"), json_number(inner, "headroom"));
	EXPECT_STREQ(OUTER, json_string(limit_of(inner, "memory.max"), "cgroup"));
	EXPECT_EQ(LIMIT, json_number(limit_of(inner, "memory.max"), "max"));
	EXPECT_EQ(2 * LIMIT, json_number(limit_of(inner, "memory.high"), "max"));
	EXPECT_STREQ(INNER, json_string(limit_of(inner, "memory.high"), "cgroup"));
	EXPECT_EQ(NULL, limit_of(outer, "memory.high"));
	EXPECT_NE(NULL, limit_of(inner, "ram+swap"));
	EXPECT_EQ(LENGTH, json_number(json_member(inner, "objects"), "resident"));
	EXPECT_EQ(LENGTH, json_number(json_member(inner, "objects"), "unmapped"));
}

TEST_F(cgroups, with_those_below)
{
	const struct json *outer, *inner, *root;

	RUN_JSON("--tree");
	outer = find(&self->run, OUTER);
	inner = find(&self->run, INNER);
	root = find(&self->run, "/");
	ASSERT_NE(NULL, outer);
	EXPECT_EQ(1U, json_number(outer, "processes"));
	EXPECT_EQ(of_class(inner, "anon", "rss"), of_class(outer, "anon", "rss"));
	EXPECT_EQ(json_number(json_member(inner, "total"), "pss"),
		  json_number(json_member(outer, "total"), "pss"));
	EXPECT_LT(json_number(outer, "processes"), json_number(root, "processes"));

	RUN_JSON("--tree", OUTER);
	EXPECT_EQ(2U, json_length(json_member(self->run.json, "cgroups")));
}

TEST_F(cgroups, one)
{
	static const char *const paths[] = { INNER, INNER + 1, INNER "/", ROOT INNER };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		RUN_JSON(paths[i]);
		EXPECT_EQ(1U, json_length(json_member(self->run.json, "cgroups")));
		EXPECT_NE(NULL, find(&self->run, INNER))
		TH_LOG("%s", paths[i]);
	}
	run_free(&self->run);
	run(&self->run, "cgroups", INNER, NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.out, INNER ": 1 processes; charged "));
	EXPECT_NE(NULL, strstr(self->run.out, "of which nobody maps 6M\n"));
	EXPECT_NE(NULL, strstr(self->run.out, "\nanon "));
	EXPECT_NE(NULL, strstr(self->run.out, "\ntotal "));
	EXPECT_NE(NULL, strstr(self->run.out, "\nheadroom, nearest limits first:\n"));
	EXPECT_NE(NULL, strstr(self->run.out, " left, in " OUTER "\n"));
}

TEST_F(cgroups, none)
{
	run(&self->run, "cgroups", "/not/there", NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_STREQ("", self->run.out);
	EXPECT_NE(NULL, strstr(self->run.err, "there is no memory cgroup"));
}

TEST_F(cgroups, table)
{
	run(&self->run, "cgroups", "--tree", NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.out, "  memclass-outer\n"));
	EXPECT_NE(NULL, strstr(self->run.out, "    inner\n"));
}

TEST_HARNESS_MAIN
