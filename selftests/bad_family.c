// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: processes that share one memory, whose parents are gone, or who are in a pid
 * namespace are each said to be what they are, and memory counts once.
 * Oracle: what the test's own processes did.
 */
#include <pthread.h>
#include <sched.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "lib/child.h"
#include "lib/kernel.h"
#include "lib/reading.h"
#include "lib/rows.h"

#define ROWS	32

static struct memclass_record records[ROWS];

/* Until it is killed, at the latest with the test's session. */
static int borrow(void *data)
{
	for (;;)
		pause();
	return 0;
}

static void have_borrower(const struct child *parent, void *data)
{
	static char stack[65536];
	pid_t *pid = data;

	if (mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE,
		 -1, 0) == MAP_FAILED)
		_exit(1);
	*pid = clone(borrow, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	if (*pid < 0)
		_exit(1);
}

/* Two processes with one memory: the first one's counts, for as long as it is there. */
TEST(memory_of_two_processes)
{
	pid_t *borrower = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			       -1, 0);
	const int fd = records_open(), vmas_fd = vmas_open();
	struct child child = child_start(have_borrower, borrower);
	struct memclass_vma vma;

	ASSERT_GT(child.pid, 0);
	ASSERT_TRUE(record_of(fd, child.pid, &records[0]));
	ASSERT_TRUE(record_of(fd, *borrower, &records[1]));
	EXPECT_EQ(0U, records[0].flags & MEMCLASS_SHARED_MM);
	EXPECT_NE(0U, records[1].flags & MEMCLASS_SHARED_MM);
	EXPECT_EQ(records[0].total.virt, records[1].total.virt);
	EXPECT_EQ(records[0].total.rss, records[1].total.rss);
	EXPECT_LE(MIB, records[1].classes[MEMCLASS_CLASS_SHM].rss);
	EXPECT_EQ(child.pid, (pid_t)records[1].ppid);
	ASSERT_EQ(*borrower, next_vma(vmas_fd, *borrower, &vma));
	EXPECT_NE(0U, vma.flags & MEMCLASS_SHARED_MM);

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	child_end(&child);
	ASSERT_TRUE(record_of(fd, *borrower, &records[1]));
	EXPECT_EQ(0U, records[1].flags & MEMCLASS_SHARED_MM);
	kill(*borrower, SIGKILL);
	ASSERT_EQ(*borrower, waitpid(*borrower, NULL, 0));
}

/*
 * A process that is walked ends and is waited for by its parent, which ends too, while
 * another process keeps the memory alive: nothing may be asked of the parent any more.
 */
struct family {
	pid_t borrower;
};

static void *family_read(void *data)
{
	const struct family *family = data;
	const int fd = records_open();
	static struct memclass_record record;

	return (void *)(long)pread(fd, &record, sizeof(record), records_at(family->borrower));
}

static int be_lender(void *data)
{
	static char stack[65536];
	struct family *family = data;
	pthread_t thread;

	if (!map_sparse(kernel_checks_itself() ? 256 : 2048))
		_exit(1);
	family->borrower = clone(borrow, stack + sizeof(stack),
				 CLONE_VM | CLONE_PARENT | SIGCHLD, NULL);
	if (family->borrower < 0 || pthread_create(&thread, NULL, want_mmap_lock, NULL))
		_exit(1);
	for (;;)
		pause();
}

TEST(parent_is_gone)
{
	struct family *family = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct rounds rounds = {};

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	while (again(&rounds, 20)) {
		pid_t parent, lender;
		pthread_t reader;
		void *got;

		family->borrower = 0;
		parent = fork();
		ASSERT_GE(parent, 0);
		if (!parent) {
			lender = fork();
			if (!lender)
				be_lender(family);
			while (!__atomic_load_n(&family->borrower, __ATOMIC_ACQUIRE))
				sched_yield();
			waitpid(family->borrower, NULL, 0);
			_exit(0);
		}
		while (!__atomic_load_n(&family->borrower, __ATOMIC_ACQUIRE))
			sched_yield();
		ASSERT_EQ(0, pthread_create(&reader, NULL, family_read, family));
		kill(family->borrower, SIGKILL);
		ASSERT_EQ(parent, waitpid(parent, NULL, 0));
		ASSERT_EQ(0, pthread_join(reader, &got));
		ASSERT_LE(0, (long)got);
		/* The lender is the test's now. */
		lender = next_record(records_open(), parent + 1, records);
		do {
			ASSERT_NE(0, lender);
			if ((pid_t)records[0].ppid == getpid())
				break;
			lender = next_record(records_open(), lender + 1, records);
		} while (1);
		kill(lender, SIGKILL);
		ASSERT_EQ(lender, waitpid(lender, NULL, 0));
	}
}

/* The first process of a new pid namespace, and some children of it. */
#define INSIDE	3U

static int look_from_inside(void)
{
	struct child children[INSIDE];
	const int fd = records_open();
	struct memclass_vma vma;
	unsigned int i, lines = 0;
	char line[4096];
	ssize_t got;
	FILE *file;

	for (i = 0; i < INSIDE; i++) {
		children[i] = child_start(NULL, NULL);
		if (children[i].pid != (pid_t)(2 + i))
			return 1;
	}
	got = read(fd, records, sizeof(records));
	if (got != (ssize_t)((1 + INSIDE) * sizeof(records[0])))
		return 2;
	for (i = 0; i <= INSIDE; i++) {
		if (records[i].pid != 1 + i || records[i].ppid != (i ? 1 : 0) ||
		    record_fault(&records[i]))
			return 3;
	}
	if (read(fd, records, sizeof(records)))
		return 4;
	if (next_vma(vmas_open(), 0, &vma) != 1 || next_vma(vmas_open(), 2 + INSIDE, &vma))
		return 5;
	file = fopen(FILE_PATH("processes"), "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (lines++ && atoi(line) > (int)(1 + INSIDE))
			return 6;
	}
	return lines > INSIDE ? 0 : 7;
}

TEST(pid_namespace)
{
	struct clone_args args = { .flags = CLONE_NEWPID, .exit_signal = SIGCHLD };
	int status;
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	ASSERT_GE(pid, 0);
	if (!pid) {
		die_with_parent();
		_exit(look_from_inside());
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

static int look_at_borrowed_memory(void *data)
{
	die_with_parent();
	/* From here, its memory is nobody else's. */
	return next_record(*(int *)data, 0, records) != 1 ||
	       records[0].flags & MEMCLASS_SHARED_MM;
}

static int look_at_borrowed_memory_from_outside(void *data)
{
	die_with_parent();
	return !record_of(*(int *)data, getpid(), &records[0]) ||
	       !(records[0].flags & MEMCLASS_SHARED_MM);
}

TEST(pid_namespace_with_borrowed_memory)
{
	static char stack[65536];
	int fd = records_open(), status;
	pid_t pid = clone(look_at_borrowed_memory, stack + sizeof(stack),
			  CLONE_VM | CLONE_NEWPID | SIGCHLD, &fd);

	ASSERT_GT(pid, 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	pid = clone(look_at_borrowed_memory_from_outside, stack + sizeof(stack),
		    CLONE_VM | SIGCHLD, &fd);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
