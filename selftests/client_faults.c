// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: the client shows the page faults that the module counted, in every form it
 * has, adds them up rightly, and calls what is not counted off and not 0.
 * Oracle: the module's file "faults" and its records, /proc/PID/stat, and what a child
 * did; for modules that there are not yet, what this test wrote.
 */
#include "fault_module.h"

#include "kselftest_harness.h"

#include "client/run.h"
#include "client/synthetic.h"

/* Each runs the client many times, which takes long on slow machines and kernels. */
#define CLIENT_TEST_F(fixture, name)	TEST_F_TIMEOUT(fixture, name, 150)

static const struct json *of_class(const struct json *classes, const char *class)
{
	return json_find(classes, "class", class);
}

/* The module's own sums, by class and column, from its file "faults". */
struct all {
	uint64_t faults[MEMCLASS_NR_CLASSES][FAULT_NR_FIELDS];
	uint64_t dropped;
};

static bool all_read(struct all *all)
{
	char text[16384], *line, *at, *rest;
	unsigned int nr = 0, field;

	memset(all, 0, sizeof(*all));
	if (text_read(FILE_PATH("faults"), text, sizeof(text)) <= 0)
		return false;
	strtok_r(text, "\n", &rest);
	while ((line = strtok_r(NULL, "\n", &rest))) {
		at = strchr(strchr(line, ' ') + 1, ' ');
		if (!strncmp(line, "dropped ", 8)) {
			strtoull(at, &at, 10);
			continue;
		}
		if (nr == MEMCLASS_NR_CLASSES ||
		    strncmp(line, class_name(nr), strlen(class_name(nr))))
			return false;
		for (field = 0; field < FAULT_NR_FIELDS; field++)
			all->faults[nr][field] = strtoull(at, &at, 10);
		nr++;
	}
	return nr == MEMCLASS_NR_CLASSES;
}

FIXTURE(faults)
{
	struct child child;
	struct fault_reading reading;
	char pid[16];
	struct run run;
};

FIXTURE_SETUP(faults)
{
	char why[128];

	if (!faults_are_on(why))
		SKIP(return, "faults are off: %s", why);
	self->child = faulter_start();
	ASSERT_NE(-1, self->child.pid);
	ASSERT_TRUE(child_step(&self->child));
	snprintf(self->pid, sizeof(self->pid), "%d", self->child.pid);
	ASSERT_RIGHT(fault_read(self->child.pid, &self->reading));
	EXPECT_RIGHT(fault_exact(&fault_none, &self->reading));
}

FIXTURE_TEARDOWN(faults)
{
	if (!self->child.pid)
		return;
	faults_set("auto");
	child_end(&self->child);
	run_free(&self->run);
}

static void expect_process(struct __test_metadata *_metadata, const struct json *json,
			   const struct fault_reading *reading)
{
	const struct json *total = json_member(json, "total");
	unsigned int i, field;
	uint64_t sum = 0;

	EXPECT_STREQ("on", json_string(json, "faults"));
	EXPECT_EQ(0U, json_number(json, "faults_dropped"));
	for (field = 0; field < FAULT_NR_FIELDS; field++)
		EXPECT_EQ(fault_get(&reading->record.faults_total, field),
			  json_number(total, fault_names[field]));
	for (field = 0; field <= FAULT_major_exec; field++)
		sum += json_number(total, fault_names[field]);
	EXPECT_EQ(reading->minor + reading->major, sum);
	for (i = 0; i < MEMCLASS_NR_CLASSES; i++) {
		const struct memclass_faults *faults = &reading->record.faults[i];
		const struct json *row = of_class(json_member(json, "classes"),
						  class_name(i));

		EXPECT_TRUE(row || !(fault_minor(faults) + fault_major(faults)));
		for (field = 0; row && field < FAULT_NR_FIELDS; field++)
			EXPECT_EQ(fault_get(faults, field), json_number(row, fault_names[field]));
	}
}

CLIENT_TEST_F(faults, of_a_process)
{
	run(&self->run, "faults", "--json", self->pid, NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_STREQ("", self->run.err);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_EQ((uint64_t)self->child.pid, json_number(self->run.json, "pid"));
	expect_process(_metadata, self->run.json, &self->reading);
	run_free(&self->run);
	run(&self->run, "show", "--json", self->pid, NULL);
	ASSERT_TRUE(run_json(&self->run));
	expect_process(_metadata, self->run.json, &self->reading);
	run_free(&self->run);
	run(&self->run, "show", "--cheap", "--json", self->pid, NULL);
	ASSERT_TRUE(run_json(&self->run));
	expect_process(_metadata, self->run.json, &self->reading);
}

CLIENT_TEST_F(faults, tables)
{
	const struct memclass_faults *total = &self->reading.record.faults_total;
	char expected[256];

	snprintf(expected, sizeof(expected),
		 "\ntotal - %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
		 " %" PRIu64 "\n",
		 fault_minor(total), fault_major(total), fault_get(total, FAULT_read),
		 fault_get(total, FAULT_write), fault_get(total, FAULT_exec),
		 fault_get(total, FAULT_cow_faults), fault_get(total, FAULT_remote_faults));
	run(&self->run, "faults", "-rn", self->pid, NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.out, expected))
	TH_LOG("%s", self->run.out);
	EXPECT_NE(NULL, strstr(self->run.out, "\nanon private-anon "));
	run_free(&self->run);

	snprintf(expected, sizeof(expected), "total %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
		 fault_minor(total), fault_major(total), fault_minor(total) + fault_major(total));
	run(&self->run, "show", "-rn", "-o", "class,minor,major,faults", self->pid, NULL);
	EXPECT_NE(NULL, strstr(self->run.out, expected))
	TH_LOG("%s", self->run.out);
	run_free(&self->run);

	snprintf(expected, sizeof(expected), "\n%d %" PRIu64 " %" PRIu64 "\n", self->child.pid,
		 fault_minor(total), fault_get(total, FAULT_write));
	run(&self->run, "ps", "-rn", "-o", "pid,minor,writes", "-s", "pid", NULL);
	EXPECT_NE(NULL, strstr(self->run.out, expected))
	TH_LOG("%s", self->run.out);
	run_free(&self->run);

	/* A number of faults is no number of bytes. */
	snprintf(expected, sizeof(expected), " %" PRIu64, fault_minor(total));
	run(&self->run, "faults", self->pid, NULL);
	EXPECT_NE(NULL, strstr(self->run.out, expected));
	EXPECT_NE(NULL, strstr(self->run.out, self->pid));
}

/* Between two readings, since there are always faults: the client's own, for one. */
CLIENT_TEST_F(faults, of_all)
{
	static struct all before, after;
	unsigned int i, field;

	ASSERT_TRUE(all_read(&before));
	run(&self->run, "faults", "--json", NULL);
	ASSERT_TRUE(all_read(&after));
	EXPECT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_STREQ("on", json_string(self->run.json, "faults"));
	for (field = 0; field < FAULT_NR_FIELDS; field++) {
		uint64_t sum = 0;

		for (i = 0; i < MEMCLASS_NR_CLASSES; i++) {
			const struct json *row = of_class(json_member(self->run.json, "classes"),
							  class_name(i));
			const uint64_t faults = row ? json_number(row, fault_names[field]) : 0;

			EXPECT_LE(before.faults[i][field], faults);
			EXPECT_GE(after.faults[i][field], faults);
			sum += faults;
		}
		EXPECT_EQ(sum, json_number(json_member(self->run.json, "total"), fault_names[field]));
	}
}

/* The sum of all processes, those with a memory in common among them. */
CLIENT_TEST_F(faults, of_all_by_ps)
{
	const struct json *process;
	unsigned int field;

	run(&self->run, "ps", "--json", NULL);
	ASSERT_TRUE(run_json(&self->run));
	for (field = 0; field < FAULT_NR_FIELDS; field++) {
		uint64_t sum = 0;

		process = json_member(self->run.json, "processes")->first;
		for (; process; process = process->next)
			sum += json_number(json_member(process, "total"), fault_names[field]);
		EXPECT_EQ(sum, json_number(json_member(self->run.json, "total"), fault_names[field]));
	}
}

CLIENT_TEST_F(faults, off)
{
	const struct json *total;
	unsigned int field;

	ASSERT_TRUE(faults_set("off"));
	run(&self->run, "faults", "-rn", self->pid, NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_STREQ("total - off off off off off off off\n", self->run.out);
	run_free(&self->run);
	run(&self->run, "faults", "-rn", NULL);
	EXPECT_STREQ("total - off off off off off off off\n", self->run.out);
	run_free(&self->run);
	run(&self->run, "faults", NULL);
	EXPECT_NE(NULL, strstr(self->run.out, "not counted now"));
	run_free(&self->run);
	run(&self->run, "version", NULL);
	EXPECT_NE(NULL, strstr(self->run.out, "module faults off: by parameter\n"));
	run_free(&self->run);
	run(&self->run, "show", "-rn", "-o", "class,minor,cow_faults", self->pid, NULL);
	EXPECT_NE(NULL, strstr(self->run.out, "total off off\n"));
	run_free(&self->run);
	run(&self->run, "ps", "-rn", "-o", "faults,pid", "-s", "faults", NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.out, "\noff total\n"));
	run_free(&self->run);
	run(&self->run, "faults", "--json", self->pid, NULL);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_STREQ("off", json_string(self->run.json, "faults"));
	EXPECT_EQ(JSON_NULL, json_type(self->run.json, "faults_dropped"));
	EXPECT_EQ(0U, json_length(json_member(self->run.json, "classes")));
	total = json_member(self->run.json, "total");
	for (field = 0; field < FAULT_NR_FIELDS; field++)
		EXPECT_EQ(JSON_NULL, json_type(total, fault_names[field]));
}

CLIENT_TEST_F(faults, wrong_use)
{
	static const char *const wrong[] = { "0", "-1", "x", "1x", "", "99999999999" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		run(&self->run, "faults", "--", wrong[i], NULL);
		EXPECT_EQ(2, self->run.status);
		EXPECT_STREQ("", self->run.out);
		run_free(&self->run);
	}
	run(&self->run, "faults", "1", "2", NULL);
	EXPECT_EQ(2, self->run.status);
	run_free(&self->run);
	/* No such process, and one without memory of its own. */
	run(&self->run, "faults", "4194300", NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_STREQ("", self->run.out);
	run_free(&self->run);
	run(&self->run, "faults", "2", NULL);
	EXPECT_EQ(1, self->run.status);
	run_free(&self->run);
	run(&self->run, "faults", "-o", "rss", NULL);
	EXPECT_EQ(2, self->run.status);
}

/*
 * Modules that there are not.
 */

FIXTURE(other)
{
	struct synthetic synthetic;
	struct run run;
};

FIXTURE_SETUP(other)
{
	synthetic_make(&self->synthetic, &layout_own);
}

FIXTURE_TEARDOWN(other)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/faults", self->synthetic.dir);
	unlink(path);
	synthetic_remove(&self->synthetic);
	run_free(&self->run);
}

static void write_faults(const struct synthetic *synthetic, const char *text)
{
	synthetic_write(synthetic, "faults", text, strlen(text), 0);
}

TEST_F(other, older_module)
{
	run(&self->run, "faults", "--debugfs", self->synthetic.dir, NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_STREQ("", self->run.out);
	EXPECT_NE(NULL, strstr(self->run.err, "older"));
}

/* More columns, in another order; more classes. */
TEST_F(other, newer_module)
{
	char text[4096] = "class type new major_read minor_write minor_read minor_exec major_write"
			  " major_exec cow_faults remote_faults newer\n";
	unsigned int i;

	for (i = 0; i < MEMCLASS_NR_CLASSES + 1; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "name-%u type 77 %u 3 4 5 6 7 8 9 88\n", i, i);
	strcat(text, "dropped - 1 20 1 300 1 1 1 1 1 1\n");
	write_faults(&self->synthetic, text);
	run(&self->run, "faults", "-rn", "-o", "class,minor,major,minor_read", "--debugfs",
	    self->synthetic.dir, NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_EQ(0, strncmp(self->run.out, "heap 12 13 4\nstack 12 14 4\n", 26))
	TH_LOG("%s", self->run.out);
	EXPECT_NE(NULL, strstr(self->run.out, "\nclass-16 12 29 4\ntotal "));
	run_free(&self->run);
	run(&self->run, "faults", "--json", "--debugfs", self->synthetic.dir, NULL);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_EQ(320U, json_number(self->run.json, "faults_dropped"));
}

TEST_F(other, broken)
{
	static const char *const texts[] = {
		"",
		"\n",
		"\n\n\n",
		"class",
		"class type minor_read\n\nheap\n \nheap private-anon\n",
		"class type minor_read\nheap private-anon x\n",
		"dropped",
		"class type minor_read\ndropped - -1\n",
	};
	size_t i;

	/* Whatever it is, nothing is made up, and nobody crashes. */
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/faults", self->synthetic.dir);
		unlink(path);
		write_faults(&self->synthetic, texts[i]);
		run(&self->run, "faults", "-rn", "--debugfs", self->synthetic.dir, NULL);
		EXPECT_LE(0, self->run.status);
		EXPECT_GE(1, self->run.status);
		EXPECT_EQ(NULL, strpbrk(self->run.out, "123456789"))
		TH_LOG("%s", self->run.out);
		run_free(&self->run);
	}
}

TEST_HARNESS_MAIN
