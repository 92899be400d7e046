// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: "classes" is the sum over all processes, memory that several of them have in
 * common counted once; "processes" has each process's classes, as its record does.
 *
 * Oracle: smaps_rollup of all processes, added up here. That takes a machine on which
 * nothing else happens, such as the minimal guest.
 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lib/memory.h"
#include "lib/oracle.h"
#include "lib/reading.h"
#include "lib/state.h"
#include "lib/text.h"

#define LENGTH	(64 * PAGE)

static char stack[65536] __attribute__((aligned(16)));

static int hold_with_same_memory(void *argument)
{
	expect_shared_mm();
	state_hold();
}

static void do_nothing(const void *argument)
{
}

/* Three processes with two memories, and with something in several classes. */
static void build(const void *argument)
{
	char *mapping = map_anon(LENGTH);

	touch(mapping, LENGTH);
	touch(memory_map(&shm, -1, LENGTH, 0), LENGTH);
	touch(memory_map(&memfd, memory_open(&memfd, LENGTH), LENGTH, 0), LENGTH);
	touch(memory_map(&private_file, memory_open(&file, LENGTH), LENGTH, 0), LENGTH);
	MUST(!mlock(mapping, LENGTH / 2));
	/* What a name can hold; "classes" does not show it, "processes" does. */
	MUST(!prctl(PR_SET_NAME, "a b\nc\\d"));
	state_join();
	MUST(clone(hold_with_same_memory, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL) > 0);
	state_fork(do_nothing, NULL);
}

FIXTURE(totals)
{
	struct state state;
};

FIXTURE_SETUP(totals)
{
	if (!memclass_is_loaded())
		SKIP(return, "memclass is not loaded");
	state_make(&self->state, build, NULL);
	ASSERT_STREQ("", self->state.failure);
	ASSERT_EQ(0U, state_check(&self->state, 0));
}

FIXTURE_TEARDOWN(totals)
{
	state_end(&self->state);
}

/* Returns how many processes there are, or 0 when one of them could not be read. */
static unsigned int sum_of_rollups(const struct state *state, struct bounds *sum)
{
	const struct oracle_options options = {};
	unsigned int nr = 0;
	struct dirent *entry;
	struct oracle oracle;
	DIR *proc = opendir("/proc");

	memset(sum, 0, sizeof(*sum));
	sum->known = ~0ULL;
	while (proc && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid <= 0 || state_is_shared_mm(state, pid))
			continue;
		switch (oracle_take(&oracle, pid, &options)) {
		case 0:
			break;
		case -ESRCH:
			/* A kernel thread, or a zombie. */
			continue;
		default:
			closedir(proc);
			return 0;
		}
		bounds_add(sum, &oracle.rollup);
		oracle_free(&oracle);
		nr++;
	}
	closedir(proc);
	return nr;
}

static void sum_of_classes(const struct class_row *rows, ssize_t nr, struct memclass_counts *sum)
{
	unsigned int column;
	ssize_t i;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < nr; i++)
		for (column = 0; column < MEMCLASS_NR_COLUMNS; column++)
			*counts_at(sum, column) += counts_get(&rows[i].counts, column);
}

TEST_F_TIMEOUT(totals, classes, 120)
{
	struct bounds before = {}, after;
	struct memclass_counts sum;
	struct class_row *rows;
	unsigned int tries, column, processes = 0, compared = 0;
	ssize_t nr;

	for (tries = 0; tries < 200; tries++) {
		sum_of_rollups(&self->state, &before);
		nr = text_classes(&rows);
		ASSERT_EQ(MEMCLASS_NR_CLASSES, nr);
		sum_of_classes(rows, nr, &sum);
		free(rows);
		processes = sum_of_rollups(&self->state, &after);
		if (processes && !memcmp(&before, &after, sizeof(before)))
			break;
	}
	if (tries == 200)
		SKIP(return, "something else happens on this machine");
	EXPECT_LT(5U, processes);
	for (column = 0; column < MEMCLASS_NR_COLUMNS; column++) {
		if (!(before.known & 1ULL << column))
			continue;
		compared++;
		/* What is cut off where it is printed, and of each process and class. */
		if (before.low[column] != before.high[column])
			before.high[column] += processes;
		EXPECT_LE(before.low[column], counts_get(&sum, column) +
						      processes * MEMCLASS_NR_CLASSES)
		{
			TH_LOG("%s", column_name(column));
		}
		EXPECT_GE(before.high[column], counts_get(&sum, column))
		{
			TH_LOG("%s", column_name(column));
		}
		if (before.low[column] == before.high[column]) {
			EXPECT_EQ(before.low[column], counts_get(&sum, column))
			{
				TH_LOG("%s", column_name(column));
			}
		}
	}
	EXPECT_LT(15U, compared);
}

TEST_F(totals, classes_have_their_types)
{
	struct class_row *rows;
	ssize_t nr = text_classes(&rows), i;

	ASSERT_EQ(MEMCLASS_NR_CLASSES, nr);
	for (i = 0; i < nr; i++) {
		EXPECT_STREQ(class_name(i), rows[i].class);
		EXPECT_STREQ(class_type_name(i), rows[i].type);
	}
	free(rows);
}

/* All rows between two readings of the record that are the same. */
static ssize_t rows_of(pid_t pid, struct process_row **rows, struct reading *reading)
{
	unsigned int tries;
	struct reading after;
	ssize_t nr;

	for (tries = 0; tries < 200; tries++) {
		bool same = false;

		if (reading_take(reading, pid, false))
			return -1;
		nr = text_processes(rows);
		if (nr >= 0 && !reading_take(&after, pid, false)) {
			same = !memcmp(&reading->record.total, &after.record.total,
				       sizeof(after.record) -
					       offsetof(struct memclass_record, total));
			reading_free(&after);
		}
		if (same)
			return nr;
		reading_free(reading);
		free(*rows);
	}
	return -1;
}

/* The rows of a process are the classes of its record that are not empty, in order. */
TEST_F(totals, processes)
{
	unsigned int p;

	for (p = 0; p < self->state.nr_pids; p++) {
		pid_t pid = self->state.pids[p], last = 0;
		struct process_row *rows;
		struct reading reading;
		unsigned int class;
		ssize_t nr, i;

		nr = rows_of(pid, &rows, &reading);
		ASSERT_LT(0, nr);
		for (i = 0; i < nr; i++) {
			EXPECT_LE(last, rows[i].pid);
			last = rows[i].pid;
		}
		for (i = 0; i < nr && rows[i].pid != pid; i++)
			;
		for (class = 0; class < MEMCLASS_NR_CLASSES; class ++) {
			if (!reading.record.classes[class].vmas)
				continue;
			ASSERT_LT(i, nr);
			EXPECT_EQ(pid, rows[i].pid);
			EXPECT_EQ(reading.record.start_ns, rows[i].start_ns);
			EXPECT_STREQ(state_is_shared_mm(&self->state, pid) ? "shared" : "own",
				     rows[i].mm);
			EXPECT_STREQ(class_name(class), rows[i].class);
			EXPECT_EQ(0, memcmp(&reading.record.classes[class], &rows[i].counts,
					    sizeof(rows[i].counts)))
			{
				TH_LOG("class %s", rows[i].class);
			}
			EXPECT_STREQ("a b\\012c\\134d", rows[i].comm);
			i++;
		}
		EXPECT_TRUE(i == nr || rows[i].pid != pid);
		reading_free(&reading);
		free(rows);
	}
}

/* The comm that "processes" has for @pid, "" when it has none. */
static void comm_in_text(pid_t pid, char *comm, size_t size)
{
	struct process_row *rows;
	ssize_t nr = text_processes(&rows), i;

	*comm = 0;
	for (i = 0; i < nr; i++)
		if (rows[i].pid == pid)
			snprintf(comm, size, "%s", rows[i].comm);
	free(rows);
}

#define COMM_LENGTH	15

/* Whatever byte is in a name: a terminal is not shown more than plain characters. */
TEST(processes_escape_names)
{
	char name[COMM_LENGTH + 1], expected[4 * COMM_LENGTH + 1], got[80], *end;
	unsigned int byte = 1, i;

	if (!memclass_is_loaded())
		SKIP(return, "memclass is not loaded");
	while (byte <= 255) {
		memset(name, 0, sizeof(name));
		end = expected;
		for (i = 0; i < COMM_LENGTH && byte <= 255; i++, byte++) {
			name[i] = byte;
			if (byte >= ' ' && byte <= '~' && byte != '\\')
				end += sprintf(end, "%c", byte);
			else
				end += sprintf(end, "\\%03o", byte);
		}
		ASSERT_EQ(0, prctl(PR_SET_NAME, name));
		comm_in_text(getpid(), got, sizeof(got));
		EXPECT_STREQ(expected, got);
	}
}

TEST_HARNESS_MAIN
