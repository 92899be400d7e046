// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: who asks for some processes gets those and their sum, who asks for mappings by
 * what they have in common gets sums that lose none of them, and sizes come in the unit
 * that was asked for.
 * Oracle: what this test wrote into records, and /proc of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "client/run.h"
#include "client/synthetic.h"
#include "client/terminal.h"
#include "lib/patience.h"

#define VMAS	40

FIXTURE(choice)
{
	struct synthetic synthetic;
	struct run run;
};

FIXTURE_SETUP(choice)
{
	unsigned int i;

	synthetic_make(&self->synthetic, &layout_own);
	for (i = 0; i < 3; i++)
		synthetic_add_record(&self->synthetic, i, i + 1);
	for (i = 0; i < VMAS; i++)
		synthetic_add_vma(&self->synthetic, MEMCLASS_VMA_INDEX(1, i), 1, i);
}

FIXTURE_TEARDOWN(choice)
{
	synthetic_remove(&self->synthetic);
	run_free(&self->run);
}

/* The processes whose pids are the digits of @pids, and their sum. */
static void expect_processes(struct __test_metadata *_metadata, const struct run *got,
			     const char *pids)
{
	uint64_t total = 0, sum;
	char text[128];
	unsigned int i;

	EXPECT_EQ(0, got->status)
	TH_LOG("%s", got->err);
	for (; *pids; pids++) {
		for (sum = 0, i = 0; i < MEMCLASS_NR_CLASSES; i++)
			sum += synthetic_value(*pids - '0', i, MEMCLASS_COLUMN_rss);
		total += sum;
		snprintf(text, sizeof(text), "%c %llu\n", *pids, (unsigned long long)sum);
		EXPECT_NE(NULL, strstr(got->out, text))
		TH_LOG("%s in %s", text, got->out);
	}
	snprintf(text, sizeof(text), "total %llu\n", (unsigned long long)total);
	EXPECT_NE(NULL, strstr(got->out, text))
	TH_LOG("%s in %s", text, got->out);
}

TEST_F(choice, processes)
{
	static const struct {
		const char *option, *value, *pids;
	} cases[] = {
		{ "-c", "synthetic", "123" },
		{ "--name", "synth*c", "123" },
		{ "-c", "synth", "" },
		{ "-c", "?", "" },
		/* Users are two more than pids. */
		{ "-u", "4", "2" },
		{ "--user", "6", "" },
		{ "-u", "nobody-has-this-name", "" },
		{ "--type", "shared-anon", "123" },
	};
	size_t i, lines;
	const char *at;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run(&self->run, "ps", "-rn", "-o", "pid,rss", cases[i].option, cases[i].value,
		    "--debugfs", self->synthetic.dir, NULL);
		expect_processes(_metadata, &self->run, cases[i].pids);
		for (lines = 0, at = self->run.out; (at = strchr(at, '\n')); at++)
			lines++;
		EXPECT_EQ(strlen(cases[i].pids) + 1, lines)
		TH_LOG("%s %s", cases[i].option, cases[i].value);
		run_free(&self->run);
	}
}

#define CAPTURE		"/tmp/memclass-choice.mc"

/* This test, by its own control group. */
TEST_F(choice, control_group)
{
	char line[512] = "", group[512], *path, mine[16];
	FILE *file = fopen("/proc/self/cgroup", "re");

	if (!file || !fgets(line, sizeof(line), file))
		SKIP(return, "there are no control groups");
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	path = strchr(strchr(line, ':') + 1, ':') + 1;
	snprintf(mine, sizeof(mine), "%d\n", getpid());
	run(&self->run, "ps", "-rn", "--source=proc", "-o", "pid", "-g", path, NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.out, mine));
	run_free(&self->run);
	run(&self->run, "ps", "-rn", "--source=proc", "-o", "pid", "-g", "/nowhere", NULL);
	EXPECT_STREQ("total\n", self->run.out);
	run_free(&self->run);
	run(&self->run, "ps", "-rn", "--source=proc", "-o", "pid", "-g", "/sys/fs/cgroup/nowhere", NULL);
	EXPECT_STREQ("total\n", self->run.out);
	run_free(&self->run);
	run(&self->run, "ps", "-rn", "--source=proc", "-o", "pid", "-g", "/sys/fs/cgroup/", NULL);
	EXPECT_NE(NULL, strstr(self->run.out, mine));
	run_free(&self->run);
	snprintf(group, sizeof(group), "%s/", path + 1);
	run(&self->run, "ps", "-rn", "--source=proc", "-o", "pid", "-g", group, NULL);
	EXPECT_NE(NULL, strstr(self->run.out, mine));
	run_free(&self->run);

	/* A capture knows it still. */
	run(&self->run, "record", "--source=proc", "-o", CAPTURE, NULL);
	EXPECT_EQ(0, self->run.status)
	TH_LOG("%s", self->run.err);
	run_free(&self->run);
	run(&self->run, "ps", "-rn", "--source", CAPTURE, "-o", "pid", "-g", path, NULL);
	EXPECT_NE(NULL, strstr(self->run.out, mine));
	run_free(&self->run);
	run(&self->run, "ps", "-rn", "--source", CAPTURE, "-o", "pid", "-g", "/nowhere", NULL);
	EXPECT_STREQ("total\n", self->run.out);
	unlink(CAPTURE);
}

/* Each time all of it. */
TEST_F(choice, again_and_again)
{
	static const struct {
		const char *command, *operand;
	} cases[] = {
		{ "ps", NULL },
		{ "show", "1" },
		{ "faults", NULL },
		{ "objects", NULL },
		{ "cgroups", NULL },
	};
	const char *at, *error;
	struct json *json;
	size_t i;
	int round;

	run(&self->run, "ps", "-rn", "-o", "pid", "-w", "0.1", "--count", "3", "--debugfs",
	    self->synthetic.dir, NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_STREQ("3\n2\n1\ntotal\n3\n2\n1\ntotal\n3\n2\n1\ntotal\n", self->run.out);
	run_free(&self->run);
	run(&self->run, "ps", "--count", "3", NULL);
	EXPECT_EQ(2, self->run.status);
	if (!module_is_there())
		SKIP(return, "needs the module");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_free(&self->run);
		run(&self->run, cases[i].command, "--json", "-w", "0.1", "--count", "2",
		    cases[i].operand, NULL);
		EXPECT_EQ(0, self->run.status)
		TH_LOG("%s: %s", cases[i].command, self->run.err);
		for (at = self->run.out, round = 0; round < 2; round++) {
			json = json_parse(&at, &error);
			EXPECT_NE(NULL, json)
			TH_LOG("%s: %s", cases[i].command, error);
			json_free(json);
		}
		EXPECT_EQ('\0', *at);
	}
}

static const struct json *group_of(const struct json *json, const char *class)
{
	const struct json *group = json_member(json, "groups");

	for (group = group ? group->first : NULL; group; group = group->next)
		if (!strcmp(json_string(group, "class"), class))
			return group;
	return NULL;
}

TEST_F(choice, mappings_by_class)
{
	unsigned int number, column = MEMCLASS_COLUMN_pss, i;

	run(&self->run, "maps", "--json", "--by", "class", "--debugfs", self->synthetic.dir, "1",
	    NULL);
	EXPECT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_EQ(JSON_TRUE, json_type(self->run.json, "complete"));
	EXPECT_EQ((size_t)MEMCLASS_NR_CLASSES,
		  json_length(json_member(self->run.json, "groups")));
	for (number = 0; number < MEMCLASS_NR_CLASSES; number++) {
		uint64_t sum = 0;

		for (i = number; i < VMAS; i += MEMCLASS_NR_CLASSES)
			sum += synthetic_value(1, i, column);
		EXPECT_EQ(sum, json_number(group_of(self->run.json, synthetic_class_name(number)),
					   "pss"));
	}
}

/* All have the same file, and the same inode. */
TEST_F(choice, mappings_by_file)
{
	static const char *const kinds[] = { "file", "object" };
	const struct json *group;
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < VMAS; i++)
		sum += synthetic_value(1, i, MEMCLASS_COLUMN_rss);
	for (i = 0; i < 2; i++) {
		run(&self->run, "maps", "--json", "--by", kinds[i], "--debugfs",
		    self->synthetic.dir, "1", NULL);
		ASSERT_TRUE(run_json(&self->run));
		group = json_member(self->run.json, "groups");
		ASSERT_EQ((size_t)1, json_length(group));
		EXPECT_EQ(sum, json_number(group->first, "rss"));
		EXPECT_EQ(JSON_NULL, json_type(group->first, "class"));
		EXPECT_STREQ("/synthetic", json_string(group->first, "name"));
		run_free(&self->run);
		run(&self->run, "maps", "-rn", "-o", "class,rss,name", "--by", kinds[i],
		    "--debugfs", self->synthetic.dir, "1", NULL);
		EXPECT_NE(NULL, strstr(self->run.out, "several "));
		EXPECT_NE(NULL, strstr(self->run.out, " /synthetic\ntotal "));
		run_free(&self->run);
	}
	run(&self->run, "maps", "--by", "bogus", "1", NULL);
	EXPECT_EQ(2, self->run.status);
}

TEST_F(choice, unit)
{
	static const struct {
		__u64 bytes;
		const char *unit, *text;
	} cases[] = {
		{ 0, "K", "0.0" },
		{ 1536, "K", "1.5" },
		{ 1535, "k", "1.5" },
		{ 1 << 20, "K", "1024.0" },
		{ (1 << 20) - 1, "M", "1.0" },
		{ 5ULL << 40, "G", "5120.0" },
		{ ~0ULL, "G", "17179869184.0" },
	};
	struct memclass_record *record;
	char text[32];
	size_t i, size;

	record = (void *)synthetic_record(&layout_own, 1, &size);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		record->total.rss = cases[i].bytes;
		synthetic_write(&self->synthetic, "records", record, size, 0);
		run(&self->run, "ps", "-n", "-o", "rss", "-k", cases[i].unit, "--debugfs",
		    self->synthetic.dir, NULL);
		snprintf(text, sizeof(text), "%s\n", cases[i].text);
		EXPECT_NE(NULL, strstr(self->run.out, text))
		TH_LOG("%s in %s", text, self->run.out);
		run_free(&self->run);
	}
	free(record);
	run(&self->run, "ps", "-k", "X", NULL);
	EXPECT_EQ(2, self->run.status);
}

#define ROWS	60U

/* A pipe gets what a terminal does that is wide enough. */
TEST_F(choice, table_on_a_terminal)
{
	static const char *const commands[][4] = {
		{ "ps" },
		{ "ps", "-o", "user,pid,comm,rss" },
		{ "maps", "1" },
		{ "maps", "-o", "file,rss,start", "1" },
	};
	struct memclass_record *record;
	struct terminal terminal;
	unsigned int row;
	size_t i, size;
	char *line, *end, *rest;

	record = (void *)synthetic_record(&layout_own, 1, &size);
	strcpy(record->comm, "gr\303\266\303\237e\t\\");
	synthetic_write(&self->synthetic, "records", record, size, 0);
	free(record);
	setenv("LC_ALL", "C.UTF-8", 1);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const char *const *command = commands[i];

		/* One that is not there ends the list. */
		run(&self->run, command[0], "--debugfs", self->synthetic.dir, command[1],
		    command[2], command[3], NULL);
		ASSERT_EQ(0, self->run.status)
		TH_LOG("%s", self->run.err);
		terminal_start(&terminal, TERMINAL_COLUMNS_MAX, ROWS, "TERM=xterm LC_ALL=C.UTF-8",
			       command[0], "--debugfs", self->synthetic.dir, command[1],
			       command[2], command[3], NULL);
		EXPECT_EQ(0, terminal_finish(&terminal));
		rest = self->run.out;
		for (row = 0; (line = strsep(&rest, "\n")) && rest; row++) {
			for (end = line + strlen(line); end > line && end[-1] == ' '; end--)
				;
			*end = '\0';
			EXPECT_STREQ(line, terminal_line(&terminal, row));
		}
		EXPECT_LT(3U, row);
		EXPECT_GT(ROWS, row);
		terminal_free(&terminal);
		run_free(&self->run);
	}
}

TEST_HARNESS_MAIN
