// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: there are counters for so many threads and no more; the faults of all others
 * are counted as dropped, each of them and nothing else, and nothing else breaks.
 * Oracle: /proc/PID/stat of every process, and what they did.
 */
#include "fault_module.h"

#include "kselftest_harness.h"
#include "lib/patience.h"

#define CAP		8
#define CHILDREN	50

static struct fault_reading readings[CHILDREN];

static void touch_some(const struct child *parent, void *data)
{
	const size_t length = *(unsigned int *)data * PAGE;
	char *map = map_own(length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);

	if (!map)
		_exit(1);
	touch(map, length);
}

FIXTURE(cap)
{
	struct child children[CHILDREN];
};

FIXTURE_SETUP(cap)
{
	char parameters[32];

	if (access(MODULE_KO, R_OK))
		SKIP(return, MODULE_KO " is not there");
	snprintf(parameters, sizeof(parameters), "fault_tasks=%u", CAP);
	ASSERT_TRUE(module_reload(parameters));
}

FIXTURE_TEARDOWN(cap)
{
	unsigned int i;

	for (i = 0; i < CHILDREN; i++)
		if (self->children[i].pid > 0)
			child_end(&self->children[i]);
	if (!access(MODULE_KO, R_OK))
		EXPECT_TRUE(module_reload(""));
}

static uint64_t in_classes(const struct fault_reading *reading)
{
	return fault_minor(&reading->record.faults_total) +
	       fault_major(&reading->record.faults_total);
}

/* The sum of a column over all classes, and what is dropped, in the file "faults". */
static void read_all(uint64_t *counted, uint64_t *dropped)
{
	char text[16384], *line, *rest;

	*counted = *dropped = 0;
	text_read(FILE_PATH("faults"), text, sizeof(text));
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		unsigned long long f[6] = {};

		if (sscanf(line, "%*s %*s %llu %llu %llu %llu %llu %llu", &f[0], &f[1], &f[2],
			   &f[3], &f[4], &f[5]) != 6)
			continue;
		*(strncmp(line, "dropped ", 8) ? counted : dropped) +=
			f[0] + f[1] + f[2] + f[3] + f[4] + f[5];
	}
}

TEST_F(cap, dropped_is_what_is_missing)
{
	uint64_t counted_before, dropped_before, counted, dropped, in_stat = 0, in_records = 0;
	unsigned int tracked = 0, untracked = 0, pages, i;
	uint64_t lost = 0;

	EXPECT_EQ(CAP + 0U, version_number("fault_tasks_max"));
	read_all(&counted_before, &dropped_before);
	for (i = 0; i < CHILDREN; i++) {
		pages = i + 1;
		self->children[i] = child_start(touch_some, &pages);
		ASSERT_NE(-1, self->children[i].pid);
	}
	EXPECT_GE(CAP + 0U, version_number("fault_tasks"));
	for (i = 0; i < CHILDREN; i++) {
		const struct memclass_record *record = &readings[i].record;

		ASSERT_RIGHT(fault_read(self->children[i].pid, &readings[i]));
		EXPECT_RIGHT(fault_sums(record));
		EXPECT_RIGHT(record_fault(record));
		EXPECT_EQ(readings[i].minor + readings[i].major,
			  in_classes(&readings[i]) + record->faults_dropped);
		if (record->faults[MEMCLASS_CLASS_SHM].minor_write) {
			EXPECT_EQ(i + 1, fault_get(&record->faults[MEMCLASS_CLASS_SHM], FAULT_write));
			tracked++;
		}
		untracked += !in_classes(&readings[i]);
		lost += record->faults_dropped;
		in_stat += readings[i].minor + readings[i].major;
		in_records += in_classes(&readings[i]);
	}
	EXPECT_GE(CAP + 0U, tracked);
	EXPECT_LE(CHILDREN - CAP + 0U, untracked);
	EXPECT_EQ(in_stat, in_records + lost);
	/* All together: this test's own faults belong to no child. */
	read_all(&counted, &dropped);
	EXPECT_EQ(lost, dropped - dropped_before);
	EXPECT_LE(in_records, counted - counted_before);
	EXPECT_EQ(dropped, version_number("fault_dropped"));
	/* Nor is it otherwise when they have ended. */
	for (i = 0; i < CHILDREN; i++) {
		child_end(&self->children[i]);
		self->children[i].pid = 0;
	}
	usleep(500000);
	read_all(&counted, &dropped);
	EXPECT_EQ(lost, dropped - dropped_before);
}

/* Room that others leave is used. */
TEST_F(cap, room_is_used_again)
{
	unsigned int pages = 10, i;
	struct fault_reading *reading = &readings[0];
	bool seen = false;

	for (i = 0; i < CHILDREN; i++) {
		self->children[i] = child_start(touch_some, &pages);
		ASSERT_NE(-1, self->children[i].pid);
	}
	for (i = 0; i < CHILDREN; i++) {
		child_end(&self->children[i]);
		self->children[i].pid = 0;
	}
	for (i = 0; i < 100 && !seen; i++) {
		struct child child = child_start(touch_some, &pages);

		ASSERT_RIGHT(fault_read(child.pid, reading));
		EXPECT_EQ(reading->minor + reading->major,
			  in_classes(reading) + reading->record.faults_dropped);
		seen = !reading->record.faults_dropped &&
		       fault_get(&reading->record.faults[MEMCLASS_CLASS_SHM], FAULT_write) ==
			       pages;
		child_end(&child);
		usleep(10000);
	}
	EXPECT_TRUE(seen);
}

TEST(cap_of_none)
{
	unsigned int pages = 10;
	struct child child;

	if (access(MODULE_KO, R_OK))
		SKIP(return, MODULE_KO " is not there");
	/* Not one fault can be counted: it cannot be told from a hook that does not work. */
	ASSERT_TRUE(module_reload("fault_tasks=0"));
	child = child_start(touch_some, &pages);
	ASSERT_NE(-1, child.pid);
	EXPECT_EQ(0U, version_number("fault_tasks"));
	child_end(&child);
	EXPECT_EQ(0, module_unload());
	/* More than there can be, and a number that is none. */
	EXPECT_EQ(0, module_load("fault_tasks=4294967295"));
	child = child_start(touch_some, &pages);
	ASSERT_NE(-1, child.pid);
	ASSERT_RIGHT(fault_read(child.pid, &readings[0]));
	EXPECT_RIGHT(fault_exact(&fault_none, &readings[0]));
	child_end(&child);
	EXPECT_EQ(0, module_unload());
	EXPECT_EQ(-1, module_load("fault_tasks=many"));
	EXPECT_EQ(0, module_load(""));
}

TEST_HARNESS_MAIN
