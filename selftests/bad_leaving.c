// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: when a process ends or becomes another program while its mappings are read, the
 * reader is told, once, that the rest is missing; he is not told when nothing is, and no
 * other process is passed over.
 * Oracle: what the test's own processes did.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "lib/child.h"
#include "lib/reading.h"

/* As another program: the test, by this name. */
#define IDLE	"bad-idle"

static struct memclass_vma vma, several[32];

static __attribute__((constructor(101))) void act_as_another_program(int argc, char **argv)
{
	if (argc > 0 && !strcmp(argv[0], IDLE))
		for (;;)
			pause();
}

static void become_idle(const struct child *parent, void *data)
{
	child_tell(parent);
	child_wait(parent);
	execl("/proc/self/exe", IDLE, NULL);
	_exit(1);
}

FIXTURE(leaving)
{
	int fd;
	struct child child;
	pid_t pid;
};

FIXTURE_VARIANT(leaving)
{
	bool exec;
	loff_t tier;
};

FIXTURE_VARIANT_ADD(leaving, by_exit) {};

FIXTURE_VARIANT_ADD(leaving, by_exec) {
	.exec = true,
};

FIXTURE_VARIANT_ADD(leaving, by_exec_cheap) {
	.exec = true,
	.tier = MEMCLASS_OFFSET_CHEAP,
};

FIXTURE_SETUP(leaving)
{
	loff_t begin;

	self->fd = vmas_open();
	self->child = child_start(become_idle, NULL);
	self->pid = self->child.pid;
	ASSERT_GT(self->pid, 0);
	begin = vmas_at(self->pid, 0) | variant->tier;
	ASSERT_EQ(begin, lseek(self->fd, begin, SEEK_SET));
}

FIXTURE_TEARDOWN(leaving)
{
	if (self->child.pid > 0)
		child_end(&self->child);
	close(self->fd);
}

/* Return: false when it is still there, as it was. */
static bool leave(FIXTURE_DATA(leaving) * self, const FIXTURE_VARIANT(leaving) * variant)
{
	struct memclass_record record;

	if (!variant->exec)
		return child_end(&self->child) >= 0;
	child_tell(&self->child);
	/* exec closes its end, after it has got its new memory. */
	return !child_wait(&self->child) &&
	       next_record(records_open(), self->pid, &record) == self->pid;
}

/* What comes next is the first mapping of another process, or there is none. */
#define EXPECT_NEXT_PROCESS() \
	do { \
		const ssize_t got = read(self->fd, &vma, sizeof(vma)); \
		EXPECT_LE(0, got); \
		if (got > 0) { \
			EXPECT_LT(self->pid, (pid_t)vma.pid); \
			EXPECT_EQ(0U, vma.ordinal); \
			EXPECT_EQ(!!variant->tier, !!(vma.flags & MEMCLASS_CHEAP)); \
		} \
	} while (0)

/* exec or exit between two reads of its mappings: the reader is told, once. */
TEST_F(leaving, midway)
{
	const loff_t there = vmas_at(self->pid, 1) | variant->tier;

	ASSERT_EQ((ssize_t)sizeof(vma), read(self->fd, &vma, sizeof(vma)));
	ASSERT_EQ(self->pid, (pid_t)vma.pid);
	ASSERT_TRUE(leave(self, variant));
	/* A call that fails for another reason has not told. */
	EXPECT_EQ(-1, read(self->fd, &vma, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(self->fd, several, sizeof(several)));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(there, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_NEXT_PROCESS();
	EXPECT_NEXT_PROCESS();
}

/* Whoever asks for something else is not told: the rest is not missed. */
TEST_F(leaving, midway_and_reader_goes_elsewhere)
{
	const loff_t there = vmas_at(self->pid, 1) | variant->tier;

	ASSERT_EQ((ssize_t)sizeof(vma), read(self->fd, &vma, sizeof(vma)));
	ASSERT_TRUE(leave(self, variant));
	ASSERT_EQ((ssize_t)sizeof(vma), pread(self->fd, &vma, sizeof(vma), 0));
	EXPECT_EQ(1U, vma.pid);
	/* Here a new question as well: of the program that is there now. */
	if (variant->exec) {
		ASSERT_EQ((ssize_t)sizeof(vma),
			  pread(self->fd, &vma, sizeof(vma), there));
		EXPECT_EQ(self->pid, (pid_t)vma.pid);
		EXPECT_EQ(1U, vma.ordinal);
	} else {
		EXPECT_LE(0, pread(self->fd, &vma, sizeof(vma), there));
	}
}

/* Nothing was read of it yet. */
TEST_F(leaving, before_the_first)
{
	ASSERT_TRUE(leave(self, variant));
	if (variant->exec) {
		ASSERT_EQ((ssize_t)sizeof(vma), read(self->fd, &vma, sizeof(vma)));
		EXPECT_EQ(self->pid, (pid_t)vma.pid);
		EXPECT_EQ(0U, vma.ordinal);
	} else {
		EXPECT_NEXT_PROCESS();
	}
}

static unsigned int count_mappings(pid_t pid)
{
	unsigned int count = 0;
	char path[32], line[512];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	while (maps && fgets(line, sizeof(line), maps))
		count += !strstr(line, "[vsyscall]");
	if (maps)
		fclose(maps);
	return count;
}

/* All were read, just so: nothing is missing. */
TEST_F(leaving, after_the_last)
{
	const unsigned int count = count_mappings(self->pid);
	unsigned int i;

	ASSERT_LT(3U, count);
	for (i = 0; i < count; i++) {
		ASSERT_EQ((ssize_t)sizeof(vma), read(self->fd, &vma, sizeof(vma)));
		ASSERT_EQ(self->pid, (pid_t)vma.pid);
		ASSERT_EQ(i, vma.ordinal);
	}
	ASSERT_TRUE(leave(self, variant));
	EXPECT_NEXT_PROCESS();
}

static void exec_with_mappings(const struct child *parent, void *data)
{
	unsigned int i;

	/* No two neighbours are alike: they do not merge. */
	for (i = 0; i < 1500; i++)
		mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	child_tell(parent);
	if (*(bool *)data)
		child_wait(parent);
	execl("/proc/self/exe", IDLE, NULL);
	_exit(1);
}

/*
 * At any moment, also in the middle of a read: what was read is of one program, and
 * it is all, or ESRCH says that it is not. Every other process stays.
 */
TEST(leaving_at_any_moment)
{
	static struct memclass_vma rows[2048];
	unsigned int cut_off = 0, complete = 0;
	struct rounds rounds = {};
	const int fd = vmas_open();

	while (again(&rounds, 200)) {
		bool stays = rounds.number % 2;
		struct child child = child_start(exec_with_mappings, &stays);
		unsigned int count = 0, others = 0, i;
		ssize_t got;

		ASSERT_GT(child.pid, 0);
		lseek(fd, vmas_at(child.pid, 0), SEEK_SET);
		while (!others && (got = read(fd, rows, sizeof(rows))) > 0) {
			for (i = 0; i < got / sizeof(rows[0]); i++) {
				if ((pid_t)rows[i].pid != child.pid)
					others++;
				else
					ASSERT_EQ(count++, rows[i].ordinal);
			}
		}
		if (!others && got < 0) {
			ASSERT_EQ(ESRCH, errno);
			ASSERT_FALSE(stays);
			cut_off++;
		} else {
			/* One program has all of them, the other few. */
			ASSERT_TRUE(count >= 1500 || (count < 100 && !stays));
			complete++;
		}
		child_end(&child);
	}
	TH_LOG("%u times cut off, %u times complete", cut_off, complete);
	EXPECT_LT(0U, complete);
}

TEST_HARNESS_MAIN
