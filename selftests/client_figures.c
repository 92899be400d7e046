// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: the client shows what the module counted, no more and no less, in every form
 * it has, and its sums are sums.
 * Oracle: the module's file "processes", /proc/PID/maps, and what this test did to
 * processes that hold still.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"

#include "client/run.h"
#include "lib/names.h"
#include "memclass.h"

#define PROCESSES	"/sys/kernel/debug/memclass/processes"
#define COMM		"a \"b\\\n\x1b[m"

/* Which a cheap read fills. */
#define CHEAP	true
#define FULL	false
static const bool column_is_cheap[] = {
#define TIER(field, tier, text) tier,
	MEMCLASS_COLUMNS(TIER)
#undef TIER
};

/* Figures that are cut below a byte each: sums of them can be lower. */
static bool is_cut(unsigned int column)
{
	return column == MEMCLASS_COLUMN_locked || !strncmp(column_name(column), "pss", 3);
}

/* The one in an array whose member @name is this number, or this text. */
static const struct json *with_number(const struct json *array, const char *name,
				      uint64_t value)
{
	const struct json *json = array ? array->first : NULL;

	while (json && json_number(json, name) != value)
		json = json->next;
	return json;
}

FIXTURE(still)
{
	pid_t pid;
	pid_t sharing;			/* has the same memory */
	char text[16];
	struct run run;
};

FIXTURE_SETUP(still)
{
	int ready[2];

	if (access(PROCESSES, R_OK))
		SKIP(return, "needs the module");
	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	self->pid = fork();
	if (!self->pid) {
		dup2(ready[1], STDOUT_FILENO);
		execlp("client_target", "client_target", COMM, NULL);
		_exit(127);
	}
	close(ready[1]);
	ASSERT_EQ((ssize_t)sizeof(self->sharing),
		  read(ready[0], &self->sharing, sizeof(self->sharing)));
	/* Asleep in pause(), so that no fault comes any more. */
	usleep(100000);
	snprintf(self->text, sizeof(self->text), "%d", self->pid);
}

FIXTURE_TEARDOWN(still)
{
	if (self->pid) {
		kill(self->sharing, SIGKILL);
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	run_free(&self->run);
}

/*
 * The vdso belongs to all processes, the client among them: their number tells what
 * the PSS of each is.
 */
static bool is_everybodys(const char *class, unsigned int column)
{
	return !strcmp(class, "special") && is_cut(column);
}

/*
 * Is each row that "processes" has of this pid one of @classes, with the same in every
 * column? And are there no others?
 */
static void expect_same_as_text(struct __test_metadata *_metadata, pid_t pid,
				const struct json *classes)
{
	FILE *file = fopen(PROCESSES, "r");
	char line[4096], class[32], *at;
	const struct json *json;
	size_t rows = 0;
	int length;
	pid_t of;

	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file)) {
		unsigned int column;

		if (sscanf(line, "%d %*s %*s %31s%n", &of, class, &length) != 2 || of != pid)
			continue;
		rows++;
		json = json_find(classes, "class", class);
		EXPECT_NE(NULL, json)
		TH_LOG("%s", class);
		at = line + length;
		for (column = 0; column < MEMCLASS_NR_COLUMNS; column++) {
			uint64_t text = strtoull(at, &at, 10);

			if (is_everybodys(class, column))
				continue;
			EXPECT_EQ(text, json_number(json, column_name(column)))
			TH_LOG("%s %s", class, column_name(column));
		}
	}
	fclose(file);
	EXPECT_GT(rows, 5U);
	EXPECT_EQ(rows, json_length(classes));
}

/*
 * Is @total the sum of @parts in every column? Of those that are cut, @figures have
 * gone into the parts.
 */
static void expect_sum(struct __test_metadata *_metadata, const struct json *total,
		       const struct json *parts, uint64_t figures)
{
	unsigned int column;

	for (column = 0; column < MEMCLASS_NR_COLUMNS; column++) {
		const char *name = column_name(column);
		const struct json *part;
		uint64_t sum = 0;

		for (part = parts->first; part; part = part->next)
			sum += json_number(part, name);
		if (is_cut(column)) {
			EXPECT_LE(sum, json_number(total, name))
			TH_LOG("%s", name);
			EXPECT_GE(sum + figures, json_number(total, name))
			TH_LOG("%s", name);
		} else {
			EXPECT_EQ(sum, json_number(total, name))
			TH_LOG("%s", name);
		}
	}
}

TEST_F(still, show)
{
	const struct json *json;

	run(&self->run, "show", "--json", self->text, NULL);
	EXPECT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	json = self->run.json;
	EXPECT_EQ((uint64_t)self->pid, json_number(json, "pid"));
	EXPECT_EQ((uint64_t)getpid(), json_number(json, "ppid"));
	EXPECT_EQ((uint64_t)getuid(), json_number(json, "uid"));
	EXPECT_EQ(1ULL, json_number(json, "threads"));
	EXPECT_STREQ(COMM, json_string(json, "comm"));
	expect_same_as_text(_metadata, self->pid, json_member(json, "classes"));
	expect_sum(_metadata, json_member(json, "total"), json_member(json, "classes"),
		   json_length(json_member(json, "classes")));
}

TEST_F(still, ps)
{
	const struct json *json, *process, *other;

	run(&self->run, "ps", "--json", NULL);
	EXPECT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	json = self->run.json;
	expect_sum(_metadata, json_member(json, "total"), json_member(json, "classes"),
		   json_length(json_member(json, "processes")) * MEMCLASS_NR_CLASSES);
	process = with_number(json_member(json, "processes"), "pid", self->pid);
	ASSERT_NE(NULL, process);
	EXPECT_STREQ(COMM, json_string(process, "comm"));
	expect_same_as_text(_metadata, self->pid, json_member(process, "classes"));

	/* Of the two with the same memory, the one with the higher pid is not counted. */
	other = with_number(json_member(json, "processes"), "pid", self->sharing);
	ASSERT_NE(NULL, other);
	EXPECT_EQ(self->sharing > self->pid ? JSON_TRUE : JSON_FALSE,
		  json_type(other, "shared_mm"));
	EXPECT_EQ(self->sharing > self->pid ? JSON_FALSE : JSON_TRUE,
		  json_type(process, "shared_mm"));
	EXPECT_GE(json_number(json, "shared_mms"), 1ULL);
}

/* The sum of the processes that are to be counted is the total, to the last byte. */
TEST_F(still, ps_total)
{
	const struct json *json, *process;
	uint64_t tables = 0, shared = 0;
	unsigned int column;

	run(&self->run, "ps", "--json", NULL);
	ASSERT_TRUE(run_json(&self->run));
	json = self->run.json;
	for (column = 0; column < MEMCLASS_NR_COLUMNS; column++) {
		uint64_t sum = 0;

		for (process = json_member(json, "processes")->first; process; process = process->next)
			if (json_type(process, "shared_mm") == JSON_FALSE)
				sum += json_number(json_member(process, "total"), column_name(column));
		EXPECT_EQ(sum, json_number(json_member(json, "total"), column_name(column)));
	}
	for (process = json_member(json, "processes")->first; process; process = process->next) {
		if (json_type(process, "shared_mm") == JSON_FALSE)
			tables += json_number(process, "page_tables");
		else
			shared++;
	}
	EXPECT_EQ(tables, json_number(json, "page_tables"));
	EXPECT_EQ(shared, json_number(json, "shared_mms"));
}

TEST_F(still, ps_table)
{
	unsigned long long rss, virt, table_rss, table_virt;
	bool found = false;
	struct run table;
	char *line;
	int pid;

	run(&self->run, "show", "--json", self->text, NULL);
	ASSERT_TRUE(run_json(&self->run));
	rss = json_number(json_member(self->run.json, "total"), "rss");
	virt = json_number(json_member(self->run.json, "total"), "virt");
	run(&table, "ps", "-rn", "-o", "pid,rss,virt", NULL);
	EXPECT_EQ(0, table.status);
	for (line = strtok(table.out, "\n"); line; line = strtok(NULL, "\n")) {
		if (sscanf(line, "%d %llu %llu", &pid, &table_rss, &table_virt) != 3)
			continue;
		if (pid != self->pid)
			continue;
		found = true;
		EXPECT_EQ(rss, table_rss);
		EXPECT_EQ(virt, table_virt);
	}
	EXPECT_TRUE(found);
	run_free(&table);
}

TEST_F(still, cheap)
{
	const struct json *cheap, *full;
	struct run full_run;
	unsigned int column;

	run(&self->run, "show", "--cheap", "--json", self->text, NULL);
	ASSERT_TRUE(run_json(&self->run));
	run(&full_run, "show", "--json", self->text, NULL);
	ASSERT_TRUE(run_json(&full_run));
	EXPECT_STREQ("cheap", json_string(self->run.json, "tier"));
	EXPECT_STREQ("full", json_string(full_run.json, "tier"));
	cheap = json_member(self->run.json, "total");
	full = json_member(full_run.json, "total");
	for (column = 0; column < MEMCLASS_NR_COLUMNS; column++) {
		const char *name = column_name(column);

		if (column_is_cheap[column]) {
			EXPECT_EQ(json_number(full, name), json_number(cheap, name))
			TH_LOG("%s", name);
		} else {
			EXPECT_EQ(JSON_NULL, json_type(cheap, name))
			TH_LOG("%s", name);
		}
	}
	run_free(&full_run);
}

TEST_F(still, maps)
{
	char path[64], line[4096], perms[5], dev[16];
	unsigned long long start, end, offset, inode;
	const struct json *vma, *vmas;
	struct run show;
	int name_at;
	FILE *maps;

	run(&self->run, "maps", "--json", self->text, NULL);
	EXPECT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_EQ(JSON_TRUE, json_type(self->run.json, "complete"));
	vma = json_member(self->run.json, "vmas")->first;

	snprintf(path, sizeof(path), "/proc/%d/maps", self->pid);
	maps = fopen(path, "r");
	ASSERT_NE(NULL, maps);
	while (fgets(line, sizeof(line), maps)) {
		/* No mapping of the process, although /proc has it. */
		if (strstr(line, "[vsyscall]"))
			continue;
		ASSERT_NE(NULL, vma)
		TH_LOG("%s", line);
		ASSERT_EQ(6, sscanf(line, "%llx-%llx %4s %llx %15s %llu%n", &start, &end, perms,
				    &offset, dev, &inode, &name_at));
		EXPECT_EQ(start, strtoull(json_string(vma, "start"), NULL, 16));
		EXPECT_EQ(end, strtoull(json_string(vma, "end"), NULL, 16));
		EXPECT_EQ(0, strncmp(perms, json_string(vma, "prot"), 3));
		EXPECT_EQ(perms[3] == 's' ? JSON_TRUE : JSON_FALSE, json_type(vma, "shared"));
		EXPECT_EQ(end - start, json_number(vma, "virt"));
		EXPECT_EQ(inode, json_number(vma, "inode"));
		EXPECT_STREQ(dev, json_string(vma, "dev"));
		if (inode) {
			EXPECT_EQ(offset, json_number(vma, "offset"));
		}
		if (strstr(line, "memfd")) {
			EXPECT_NE(NULL, strstr(json_string(vma, "name"), "a name\n\\with\x1b"));
		} else if (inode) {
			EXPECT_NE(NULL, strstr(line + name_at, json_string(vma, "name")));
		}
		vma = vma->next;
	}
	fclose(maps);
	EXPECT_EQ(NULL, vma);

	vmas = json_member(self->run.json, "vmas");
	expect_sum(_metadata, json_member(self->run.json, "total"), vmas, 0);
	run(&show, "show", "--json", self->text, NULL);
	ASSERT_TRUE(run_json(&show));
	expect_sum(_metadata, json_member(show.json, "total"), vmas, json_length(vmas));
	run_free(&show);
}

TEST_HARNESS_MAIN
