// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: readers do not disturb one another, however many there are, whatever they
 * share, and whether they are killed or stopped in the middle of a read; and a process
 * that ends while it is read is not kept. Oracle: what each reader must see of the
 * test's own processes, and the time that a walk takes when it is left alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/kernel.h"
#include "lib/patience.h"

#include "lib/child.h"
#include "lib/reading.h"
#include "lib/rows.h"

#define ROWS	16

#define STABLE	24

static struct child stable[STABLE];

static bool stable_begin(void)
{
	size_t i;

	for (i = 0; i < STABLE; i++) {
		stable[i] = child_start(NULL, NULL);
		if (stable[i].pid < 0)
			return false;
	}
	return true;
}

static void stable_end(void)
{
	size_t i;

	for (i = 0; i < STABLE; i++)
		child_end(&stable[i]);
}

static size_t stable_index(pid_t pid)
{
	size_t i;

	for (i = 0; i < STABLE && stable[i].pid != pid; i++)
		;
	return i;
}

/* Threads that share an open file, and what they saw. */
#define THREADS	8

struct sharing {
	int fd;
	bool failed;
	unsigned int rows;
	unsigned int seen[STABLE + 1];
	unsigned int ordinals[256];	/* of the first stable process */
};

static void *share_records(void *data)
{
	struct sharing *sharing = data;
	struct memclass_record record;
	ssize_t got;

	while ((got = read(sharing->fd, &record, sizeof(record))) == sizeof(record)) {
		if (record_fault(&record))
			sharing->failed = true;
		__atomic_add_fetch(&sharing->seen[stable_index(record.pid)], 1,
				   __ATOMIC_RELAXED);
	}
	if (got)
		sharing->failed = true;
	return NULL;
}

static void *share_vmas(void *data)
{
	struct sharing *sharing = data;
	struct memclass_vma rows[3];
	ssize_t got;
	size_t i;

	while ((got = vmas_read(sharing->fd, rows, sizeof(rows))) > 0) {
		for (i = 0; i < got / sizeof(rows[0]); i++) {
			if (vma_fault(&rows[i]))
				sharing->failed = true;
			if ((pid_t)rows[i].pid == stable[0].pid && rows[i].ordinal < 256)
				__atomic_add_fetch(&sharing->ordinals[rows[i].ordinal], 1,
						   __ATOMIC_RELAXED);
		}
	}
	if (got)
		sharing->failed = true;
	return NULL;
}

/* Each asks for processes of its own choice, at offsets, of the same open file. */
static void *share_by_offset(void *data)
{
	struct sharing *sharing = data;
	unsigned int i, seed = (uintptr_t)pthread_self() >> 12;
	struct memclass_record record;

	for (i = 0; i < 50; i++) {
		if (!record_of(sharing->fd, stable[rand_r(&seed) % STABLE].pid, &record) ||
		    record_fault(&record))
			sharing->failed = true;
	}
	return NULL;
}

static bool share(struct sharing *sharing, void *(*body)(void *))
{
	pthread_t threads[THREADS];
	size_t i;

	sharing->failed = false;
	memset(sharing->seen, 0, sizeof(sharing->seen));
	memset(sharing->ordinals, 0, sizeof(sharing->ordinals));
	for (i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, body, sharing))
			return false;
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return !sharing->failed;
}

/* Between them, they get each process once. */
TEST(threads_share_records)
{
	struct sharing sharing;
	struct rounds rounds = {};
	size_t i;

	ASSERT_TRUE(stable_begin());
	sharing.fd = records_open();
	while (again(&rounds, 20)) {
		ASSERT_EQ(0, lseek(sharing.fd, 0, SEEK_SET));
		ASSERT_TRUE(share(&sharing, share_records));
		for (i = 0; i < STABLE; i++)
			ASSERT_EQ(1U, sharing.seen[i]);
		ASSERT_TRUE(share(&sharing, share_by_offset));
	}
	stable_end();
}

TEST(threads_share_vmas)
{
	struct sharing sharing;
	struct rounds rounds = {};
	size_t i, mappings;

	ASSERT_TRUE(stable_begin());
	sharing.fd = vmas_open();
	while (again(&rounds, 20)) {
		ASSERT_EQ(0, lseek(sharing.fd, 0, SEEK_SET));
		ASSERT_TRUE(share(&sharing, share_vmas));
		for (mappings = 0; mappings < 256 && sharing.ordinals[mappings]; mappings++)
			ASSERT_EQ(1U, sharing.ordinals[mappings]);
		ASSERT_LT(3UL, mappings);
		for (i = mappings; i < 256; i++)
			ASSERT_EQ(0U, sharing.ordinals[i]);
	}
	stable_end();
}

/* One reader among many: reads a whole file. Return: what went wrong, 0 for nothing. */
static int read_records(unsigned int seed)
{
	static struct memclass_record rows[ROWS];
	const int fd = records_open();
	unsigned int found = 0;
	uint32_t last = 0;
	ssize_t got;
	size_t i;

	if (seed % 2 && lseek(fd, MEMCLASS_OFFSET_CHEAP, SEEK_SET) < 0)
		return 10;
	while ((got = read(fd, rows, (1 + seed % ROWS) * sizeof(rows[0]))) > 0) {
		for (i = 0; i < got / sizeof(rows[0]); i++) {
			if (rows[i].pid <= last || record_fault(&rows[i]))
				return 11;
			last = rows[i].pid;
			found += stable_index(last) < STABLE;
		}
	}
	close(fd);
	return got ? 12 : found == STABLE ? 0 :
					    13;
}

static int read_vmas(unsigned int seed)
{
	static struct memclass_vma rows[ROWS];
	const int fd = vmas_open();
	unsigned int found = 0;
	uint32_t last = 0;
	ssize_t got;
	size_t i;

	while ((got = vmas_read(fd, rows, (1 + seed % ROWS) * sizeof(rows[0]))) > 0) {
		for (i = 0; i < got / sizeof(rows[0]); i++) {
			if (rows[i].pid < last || vma_fault(&rows[i]))
				return 21;
			last = rows[i].pid;
			found += !rows[i].ordinal && stable_index(last) < STABLE;
		}
	}
	close(fd);
	return got ? 22 : found == STABLE ? 0 :
					    23;
}

static int read_processes(unsigned int seed)
{
	FILE *file = fopen(FILE_PATH("processes"), "r");
	unsigned int pid, last = 0, found = 0;
	char line[4096];

	if (!file || !fgets(line, sizeof(line), file))
		return 30;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%u ", &pid) != 1 || pid < last)
			return 31;
		found += pid != last && stable_index(pid) < STABLE;
		last = pid;
	}
	if (ferror(file))
		return 32;
	fclose(file);
	return found == STABLE ? 0 : 33;
}

static int read_classes(unsigned int seed)
{
	FILE *file = fopen(FILE_PATH("classes"), "r");
	unsigned int lines = 0;
	char line[4096];

	if (!file)
		return 40;
	while (fgets(line, sizeof(line), file))
		lines++;
	if (ferror(file))
		return 41;
	fclose(file);
	return lines == 1 + MEMCLASS_NR_CLASSES ? 0 : 42;
}

static int read_at_random(unsigned int seed)
{
	struct memclass_record record;
	struct memclass_vma vma;
	unsigned int i;
	pid_t pid;
	int fd;

	for (i = 0; i < 10; i++) {
		pid = stable[rand_r(&seed) % STABLE].pid;
		fd = records_open();
		if (!record_of(fd, pid, &record) || record_fault(&record))
			return 50;
		close(fd);
		fd = vmas_open();
		if (pread(fd, &vma, sizeof(vma), vmas_at(pid, rand_r(&seed) % 4)) !=
			    sizeof(vma) ||
		    (pid_t)vma.pid != pid || vma_fault(&vma))
			return 51;
		close(fd);
	}
	return 0;
}

static int (*const readers[])(unsigned int seed) = {
	read_records,
	read_vmas,
	read_processes,
	read_classes,
	read_at_random,
};

static void fork_forever(const struct child *parent, void *data)
{
	child_tell(parent);
	for (;;) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

/* What each of them reads grows with their number. */
#define CROWD	200
#define CROWD_WHERE_SLOW	50

FIXTURE(crowd) {};

FIXTURE_SETUP(crowd)
{
}

FIXTURE_TEARDOWN(crowd)
{
}

/* All of them read once at least, and each sees all the others. */
TEST_F_TIMEOUT(crowd, two_hundred_readers, 200)
{
	const uint64_t until = now_ns() + 3 * SEC;
	const unsigned int crowd = kernel_checks_itself() ? CROWD_WHERE_SLOW : CROWD;
	unsigned int i, failed = 0;
	struct child forks[2];
	pid_t pids[CROWD];
	int status;

	ASSERT_TRUE(stable_begin());
	for (i = 0; i < ARRAY_SIZE(forks); i++) {
		forks[i] = child_start(fork_forever, NULL);
		ASSERT_GT(forks[i].pid, 0);
	}
	for (i = 0; i < crowd; i++) {
		pids[i] = fork();
		ASSERT_GE(pids[i], 0);
		if (!pids[i]) {
			unsigned int seed = i;
			int bad;

			die_with_parent();
			do {
				bad = readers[seed % ARRAY_SIZE(readers)](seed);
				seed += crowd + 1;
			} while (!bad && now_ns() < until);
			_exit(bad);
		}
	}
	for (i = 0; i < crowd; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		if (status) {
			failed++;
			TH_LOG("reader %u: status %x", i, status);
		}
	}
	EXPECT_EQ(0U, failed);
	for (i = 0; i < ARRAY_SIZE(forks); i++)
		child_end(&forks[i]);
	stable_end();
}

static void read_forever(const struct child *parent, void *data)
{
	unsigned int seed = *(unsigned int *)data;

	child_tell(parent);
	while (!readers[seed % ARRAY_SIZE(readers)](seed))
		;
	_exit(1);
}

/* Killed at any moment, in the kernel or not, alone or in a crowd. */
TEST(reader_is_killed)
{
	struct rounds rounds = {};
	struct child reader;
	unsigned int i, seed;
	int status;

	ASSERT_TRUE(stable_begin());
	while (again(&rounds, 200)) {
		seed = rounds.number;
		reader = child_start(read_forever, &seed);
		ASSERT_GT(reader.pid, 0);
		for (i = 0; i < seed * 7 % 64; i++)
			sched_yield();
		/* Had it ended by itself, it would have met an error. */
		status = child_end(&reader);
		ASSERT_TRUE(WIFSIGNALED(status));
	}
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		ASSERT_EQ(0, readers[i](i));
	stable_end();
}

/* A process that takes long to read: its mmap_lock is wanted at each page table. */
static void be_slow(const struct child *parent, void *data)
{
	pthread_t thread;

	if (!map_sparse(*(size_t *)data) ||
	    pthread_create(&thread, NULL, want_mmap_lock, NULL))
		_exit(1);
}

static struct child slow_begin(void)
{
	size_t gib = kernel_checks_itself() ? 512 : 4096;

	return child_start(be_slow, &gib);
}

/* A reader of it. It says when it begins; when it is back, it ends. */
static void read_one(const struct child *parent, void *data)
{
	struct memclass_record record;
	const int fd = records_open();

	child_tell(parent);
	_exit(!record_of(fd, *(pid_t *)data, &record));
}

static uint64_t time_to_read(pid_t pid)
{
	struct memclass_record record;
	const int fd = records_open();
	uint64_t began = now_ns();

	if (!record_of(fd, pid, &record))
		return 0;
	close(fd);
	return now_ns() - began;
}

static void nap(uint64_t ns)
{
	const struct timespec ts = { .tv_sec = ns / SEC, .tv_nsec = ns % SEC };

	nanosleep(&ts, NULL);
}

#define TRIES	10

/*
 * In the middle of a long walk, of one process: it does not go on to the end of it. A
 * try counts only where the walk was still going on when the signal was sent.
 */
TEST(reader_is_killed_in_a_walk)
{
	struct child slow = slow_begin(), reader;
	uint64_t whole, began, latency;
	unsigned int i;
	int status;

	ASSERT_GT(slow.pid, 0);
	whole = time_to_read(slow.pid);
	ASSERT_NE(0UL, whole);
	for (i = 0; i < TRIES; i++) {
		reader = child_start(read_one, &slow.pid);
		ASSERT_GT(reader.pid, 0);
		nap(whole / 10);
		began = now_ns();
		status = child_end(&reader);
		latency = now_ns() - began;
		TH_LOG("the walk takes %lu us; it ended after %lu us", whole / 1000,
		       latency / 1000);
		if (WIFSIGNALED(status) && latency < whole / 4)
			break;
	}
	EXPECT_LT(i, (unsigned int)TRIES);
	child_end(&slow);
}

/* A reader of a file that others have open as well. */
static void read_shared(const struct child *parent, void *data)
{
	char text[65536];

	child_tell(parent);
	while (read(*(int *)data, text, sizeof(text)) > 0)
		;
}

/*
 * Who goes on reading where another one was killed in the middle of adding up does not
 * take what there was by then for all of it.
 */
TEST(sharer_of_a_file_is_killed)
{
	const int fd = open(FILE_PATH("cgroups"), O_RDONLY);
	struct child slow, reader;
	char text[65536];
	uint64_t whole;
	unsigned int i;
	ssize_t got = 0;

	if (fd < 0 && errno == EOPNOTSUPP)
		SKIP(return, "there are no memory cgroups");
	ASSERT_GE(fd, 0);
	slow = slow_begin();
	ASSERT_GT(slow.pid, 0);
	whole = time_to_read(slow.pid);
	for (i = 0; i < TRIES; i++) {
		ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
		reader = child_start(read_shared, (void *)&fd);
		ASSERT_GT(reader.pid, 0);
		nap(whole / 2);
		child_end(&reader);
		/* 0: it was at the end already. */
		got = read(fd, text, sizeof(text));
		if (got)
			break;
	}
	EXPECT_EQ(-1, got);
	EXPECT_EQ(ESTALE, errno);
	child_end(&slow);
	/* Who begins anew gets all. */
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	do {
		got = read(fd, text, sizeof(text));
	} while (got > 0);
	EXPECT_EQ(0, got);
	close(fd);
}

/*
 * A process that ends in the middle of a walk: its memory is given back then, not when
 * the walk would have ended, with one reader or with several. With several, none is
 * the last to have it.
 */
static void walk_of_process_that_ends(struct __test_metadata *_metadata, size_t nr_readers)
{
	struct child slow, readers_of_it[4];
	uint64_t whole, began, latency = 0;
	unsigned int i, tries;

	for (tries = 0; tries < TRIES; tries++) {
		slow = slow_begin();
		ASSERT_GT(slow.pid, 0);
		whole = time_to_read(slow.pid);
		ASSERT_NE(0UL, whole);
		for (i = 0; i < nr_readers; i++) {
			readers_of_it[i] = child_start(read_one, &slow.pid);
			ASSERT_GT(readers_of_it[i].pid, 0);
		}
		nap(whole / 10);
		began = now_ns();
		/* It is over for the reader when it is over for the process. */
		kill(slow.pid, SIGKILL);
		for (i = 0; i < nr_readers; i++) {
			waitpid(readers_of_it[i].pid, NULL, 0);
			close(readers_of_it[i].socket);
		}
		latency = now_ns() - began;
		child_end(&slow);
		TH_LOG("%zu readers: the walk takes %lu us; it ended after %lu us",
		       nr_readers, whole / 1000, latency / 1000);
		if (latency < whole / 4)
			break;
	}
	EXPECT_LT(tries, (unsigned int)TRIES);
}

TEST(process_ends_in_a_walk)
{
	walk_of_process_that_ends(_metadata, 1);
}

TEST(process_ends_in_several_walks)
{
	walk_of_process_that_ends(_metadata, 4);
}

/*
 * Stopped in the middle: nobody waits for it. The processes it was looking at take and
 * give memory, and end; others read; when it goes on, it reads to the end.
 */
static void read_for_a_while(const struct child *parent, void *data)
{
	unsigned int seed = *(unsigned int *)data;

	child_tell(parent);
	while (!child_wait_now(parent)) {
		int bad = readers[seed % ARRAY_SIZE(readers)](seed);

		if (bad)
			_exit(bad);
	}
	_exit(0);
}

TEST(reader_is_stopped)
{
	struct rounds rounds = {};
	struct child reader, other;
	unsigned int i, seed;
	int status;

	ASSERT_TRUE(stable_begin());
	while (again(&rounds, 20)) {
		other = child_start(NULL, NULL);
		ASSERT_GT(other.pid, 0);
		seed = rounds.number;
		reader = child_start(read_for_a_while, &seed);
		ASSERT_GT(reader.pid, 0);
		for (i = 0; i < seed * 7 % 64; i++)
			sched_yield();
		kill(reader.pid, SIGSTOP);
		ASSERT_EQ(reader.pid, waitpid(reader.pid, &status, WUNTRACED));
		ASSERT_TRUE(WIFSTOPPED(status));

		child_end(&other);
		for (i = 0; i < ARRAY_SIZE(readers); i++)
			ASSERT_EQ(0, readers[i](i));
		kill(reader.pid, SIGCONT);
		child_tell(&reader);
		ASSERT_EQ(reader.pid, waitpid(reader.pid, &status, 0));
		ASSERT_EQ(0, status);
		close(reader.socket);
	}
	stable_end();
}

TEST_HARNESS_MAIN
