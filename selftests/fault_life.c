// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: the faults of a process are those of all its threads, living and dead, and
 * nobody else's, from fork or exec to the end, whatever happens to it in between.
 * Oracle: min_flt and maj_flt of /proc/PID/stat, and what the processes did.
 */
#include "fault.h"

#include <pthread.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#define N	64U
#define LENGTH	(N * PAGE)
#define LAST_PID "/proc/sys/kernel/ns_last_pid"

static struct fault_reading before, after;

#define READ(pid, reading) ASSERT_RIGHT(fault_read(pid, reading))
#define EXPECT_EXACT(before, after) EXPECT_RIGHT(fault_exact(before, after))

#define FAULTS_OF(reading, class, field) \
	fault_get(&(reading).record.faults[MEMCLASS_CLASS_##class], FAULT_##field)
#define GREW_BY(class, field) \
	(FAULTS_OF(after, class, field) - FAULTS_OF(before, class, field))

static char *map_shm(size_t length)
{
	return map_own(length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
}

FIXTURE(life) {};

FIXTURE_SETUP(life)
{
	char why[128];

	if (!faults_are_on(why))
		SKIP(return, "faults are off: %s", why);
	ASSERT_TRUE(settle());
}

FIXTURE_TEARDOWN(life)
{
}

/*
 * Threads.
 */

static void *touch_and_end(void *map)
{
	touch(map, LENGTH);
	return NULL;
}

TEST_F(life, threads_that_end)
{
	struct rounds rounds = { .seconds = 5 };
	char *map = map_shm(LENGTH);
	pthread_t thread;

	ASSERT_NE(NULL, map);
	READ(getpid(), &before);
	while (again(&rounds, 500)) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, touch_and_end, map));
		pthread_join(thread, NULL);
		madvise(map, LENGTH, MADV_DONTNEED);
	}
	READ(getpid(), &after);
	EXPECT_EXACT(&before, &after);
	EXPECT_EXACT(&fault_none, &after);
	EXPECT_EQ(rounds.number * N, GREW_BY(SHM, write));
}

/* It is read while threads begin and end; afterwards nothing is missing. */
TEST_F(life, read_meanwhile)
{
	struct rounds rounds = { .seconds = 5 };
	struct memclass_record record;
	pthread_t threads[8];
	unsigned int i;
	char *maps[8];
	const int fd = records_open();
	uint64_t last = 0, sum, minor = 0, major = 0;

	for (i = 0; i < ARRAY_SIZE(maps); i++) {
		maps[i] = map_shm(LENGTH);
		ASSERT_NE(NULL, maps[i]);
	}
	READ(getpid(), &before);
	while (again(&rounds, 100)) {
		for (i = 0; i < ARRAY_SIZE(maps); i++)
			ASSERT_EQ(0, pthread_create(&threads[i], NULL, touch_and_end, maps[i]));
		for (i = 0; i < ARRAY_SIZE(maps); i++) {
			ASSERT_TRUE(record_of(fd, getpid(), &record));
			ASSERT_TRUE(stat_faults(getpid(), &minor, &major));
			sum = fault_minor(&record.faults_total) + fault_major(&record.faults_total);
			/* Never less than it was, and never more than there are. */
			ASSERT_LE(last, sum);
			ASSERT_LE(sum, minor + major);
			last = sum;
			pthread_join(threads[i], NULL);
		}
		for (i = 0; i < ARRAY_SIZE(maps); i++)
			madvise(maps[i], LENGTH, MADV_DONTNEED);
	}
	READ(getpid(), &after);
	EXPECT_EXACT(&before, &after);
	EXPECT_EQ(rounds.number * N * ARRAY_SIZE(maps), GREW_BY(SHM, write));
}

static void *touch_and_wait(void *map)
{
	touch(map, LENGTH);
	pause();
	return NULL;
}

static void leader_ends(const struct child *parent, void *map)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, touch_and_wait, map))
		_exit(1);
	touch((char *)map + LENGTH, LENGTH);
	child_tell(parent);
	pthread_exit(NULL);
}

TEST_F(life, leader_that_ended)
{
	char *map = map_shm(2 * LENGTH);
	struct child child;

	ASSERT_NE(NULL, map);
	child = child_start(leader_ends, map);
	ASSERT_NE(-1, child.pid);
	usleep(100000);
	READ(child.pid, &after);
	EXPECT_EXACT(&fault_none, &after);
	EXPECT_EQ(2 * N, FAULTS_OF(after, SHM, write));
	child_end(&child);
}

/*
 * fork() and vfork().
 */

static void touch_inherited(const struct child *parent, void *map)
{
	touch(map, LENGTH);
}

TEST_F(life, forked)
{
	char *map = map_own_anon(LENGTH);
	struct child child;

	ASSERT_NE(NULL, map);
	touch(map, LENGTH);
	child = child_start(touch_inherited, map);
	ASSERT_NE(-1, child.pid);
	/* The child begins with nothing, and has its copies. */
	READ(child.pid, &after);
	EXPECT_EXACT(&fault_none, &after);
	EXPECT_LE(N, FAULTS_OF(after, ANON, minor_write));
	EXPECT_GT(3 * N, FAULTS_OF(after, ANON, minor_write));
	/* The child's are not the parent's. */
	READ(getpid(), &before);
	EXPECT_EXACT(&fault_none, &before);
	child_end(&child);
	READ(getpid(), &after);
	EXPECT_EXACT(&before, &after);
	EXPECT_GT(N, GREW_BY(ANON, minor_write));
}

static void fork_more(const struct child *parent, void *data)
{
	unsigned int *generations = data;
	char *map = map_shm(LENGTH);

	touch(map, LENGTH);
	if ((*generations)--) {
		struct child child = child_start(fork_more, data);

		if (child.pid < 0)
			_exit(1);
		child_end(&child);
	}
}

TEST_F(life, many_generations)
{
	unsigned int generations = 20;
	struct child child = child_start(fork_more, &generations);

	ASSERT_NE(-1, child.pid);
	READ(child.pid, &after);
	EXPECT_EXACT(&fault_none, &after);
	EXPECT_EQ(N, FAULTS_OF(after, SHM, write));
	child_end(&child);
}

/* A process that shares the memory of this one: their faults are their own. */
struct shared {
	char *map;
	unsigned int step;
};

static int touch_shared(void *data)
{
	struct shared *shared = data;

	touch(shared->map, LENGTH);
	__atomic_store_n(&shared->step, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
	return 0;
}

TEST_F(life, shared_memory_as_after_vfork)
{
	static struct fault_reading child;
	const size_t stack_size = 16 * PAGE;
	char *stack = map_own_anon(stack_size);
	struct shared shared = { .map = map_shm(2 * LENGTH) };
	pid_t pid;

	ASSERT_NE(NULL, shared.map);
	ASSERT_NE(NULL, stack);
	READ(getpid(), &before);
	pid = clone(touch_shared, stack + stack_size, CLONE_VM | SIGCHLD, &shared);
	ASSERT_LT(0, pid);
	while (!__atomic_load_n(&shared.step, __ATOMIC_ACQUIRE))
		usleep(1000);
	touch(shared.map + LENGTH, LENGTH / 2);
	usleep(10000);
	READ(pid, &child);
	READ(getpid(), &after);
	EXPECT_EXACT(&fault_none, &child);
	EXPECT_EXACT(&before, &after);
	EXPECT_EQ(N, FAULTS_OF(child, SHM, write));
	EXPECT_EQ(N / 2, GREW_BY(SHM, write));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* Nor does the end of one add to the other. */
	READ(getpid(), &after);
	EXPECT_EXACT(&before, &after);
	EXPECT_EQ(N / 2, GREW_BY(SHM, write));
}

/*
 * exec(): this program again, as fault_life --child SOCKET.
 */

static void become_other_program(int socket)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", socket);
	fcntl(socket, F_SETFD, 0);
	execl("/proc/self/exe", "fault_life", "--child", text, NULL);
	_exit(1);
}

static int other_program(int socket)
{
	const struct child parent = { .pid = getppid(), .socket = socket };
	char *map = map_shm(LENGTH);

	if (!map || !settle())
		return 1;
	madvise(map, LENGTH, MADV_DONTNEED);
	child_tell(&parent);
	child_wait(&parent);
	touch(map, LENGTH / 4);
	child_tell(&parent);
	child_idle(&parent);
	return 0;
}

static void touch_and_exec(const struct child *parent, void *map)
{
	touch(map, LENGTH);
	become_other_program(parent->socket);
}

static void *exec_in_thread(void *parent)
{
	become_other_program(((const struct child *)parent)->socket);
	return NULL;
}

static void touch_and_exec_in_thread(const struct child *parent, void *map)
{
	pthread_t thread;

	touch(map, LENGTH);
	pthread_create(&thread, NULL, touch_and_wait, (char *)map + LENGTH);
	pthread_create(&thread, NULL, exec_in_thread, (void *)parent);
	for (;;)
		pause();
}

/* It has touched at least N of these pages before. Of that, nothing may be left. */
static void exec_is_a_beginning(struct __test_metadata *_metadata,
				void (*body)(const struct child *, void *), unsigned int pages)
{
	char *map = map_own_anon(pages * PAGE);
	struct child child;

	ASSERT_NE(NULL, map);
	/* The end of exec() is when the child says so for the first time. */
	child = child_start(body, map);
	ASSERT_NE(-1, child.pid);
	READ(child.pid, &before);
	EXPECT_RIGHT(fault_sums(&before.record));
	EXPECT_GT(N / 2, FAULTS_OF(before, ANON, write));
	EXPECT_LE(fault_minor(&before.record.faults_total) + N, before.minor);
	EXPECT_EQ(0U, before.record.faults_dropped);
	ASSERT_TRUE(child_step(&child));
	READ(child.pid, &after);
	EXPECT_EXACT(&before, &after);
	EXPECT_EQ(N / 4, GREW_BY(SHM, write));
	child_end(&child);
}

TEST_F(life, exec)
{
	exec_is_a_beginning(_metadata, touch_and_exec, N);
}

TEST_F(life, exec_of_another_thread)
{
	exec_is_a_beginning(_metadata, touch_and_exec_in_thread, 2 * N);
}

static void vfork_and_exec(const struct child *parent, void *map)
{
	pid_t pid;

	touch(map, LENGTH);
	pid = vfork();
	if (!pid) {
		touch((char *)map + LENGTH, LENGTH);
		become_other_program(parent->socket);
	}
	for (;;)
		pause();
}

/* The parent sleeps in vfork() until its child has execed; then each is its own. */
TEST_F(life, vfork)
{
	char *map = map_shm(2 * LENGTH);
	struct child child;

	ASSERT_NE(NULL, map);
	child = child_start(vfork_and_exec, map);
	ASSERT_NE(-1, child.pid);
	READ(child.pid, &after);
	EXPECT_EXACT(&fault_none, &after);
	EXPECT_EQ(N, FAULTS_OF(after, SHM, write));
	child_end(&child);
}

/*
 * A pid that is used again.
 */

static void touch_some(const struct child *parent, void *data)
{
	const unsigned int pages = *(unsigned int *)data;

	touch(map_shm(pages * PAGE), pages * PAGE);
}

TEST_F(life, pid_used_again)
{
	struct rounds rounds = { .seconds = 10 };
	char text[16];

	while (again(&rounds, 20)) {
		unsigned int pages = 2 * N, tries;
		struct child child = child_start(touch_some, &pages);
		const pid_t pid = child.pid;

		ASSERT_NE(-1, pid);
		READ(pid, &before);
		EXPECT_EXACT(&fault_none, &before);
		EXPECT_EQ(2 * N, FAULTS_OF(before, SHM, write));
		child_end(&child);

		pages = rounds.number;
		snprintf(text, sizeof(text), "%d", pid - 1);
		for (tries = 0; tries < 100; tries++) {
			ASSERT_TRUE(text_write(LAST_PID, text));
			child = child_start(touch_some, &pages);
			ASSERT_NE(-1, child.pid);
			if (child.pid == pid)
				break;
			child_end(&child);
		}
		ASSERT_EQ(pid, child.pid);
		READ(pid, &after);
		EXPECT_EXACT(&fault_none, &after);
		EXPECT_EQ(pages, FAULTS_OF(after, SHM, write));
		child_end(&child);
	}
}

static void *touch_and_tell_tid(void *map)
{
	touch(map, LENGTH);
	return (void *)syscall(SYS_gettid);
}

/* The same for a thread's: the threads of this process, one after the other. */
TEST_F(life, tid_used_again)
{
	char *map = map_shm(LENGTH), text[32];
	struct rounds rounds = { .seconds = 5 };
	const pid_t pid = getpid();
	void *last = NULL, *tid;
	unsigned int same = 0;
	pthread_t thread;

	ASSERT_NE(NULL, map);
	READ(pid, &before);
	while (again(&rounds, 100)) {
		if (last) {
			snprintf(text, sizeof(text), "%ld", (long)last - 1);
			ASSERT_TRUE(text_write(LAST_PID, text))
			{
				TH_LOG("%s: %s", text, strerror(errno));
			}
		}
		ASSERT_EQ(0, pthread_create(&thread, NULL, touch_and_tell_tid, map));
		pthread_join(thread, &tid);
		same += tid == last;
		last = tid;
		madvise(map, LENGTH, MADV_DONTNEED);
	}
	EXPECT_NE(0U, same);
	READ(pid, &after);
	EXPECT_EXACT(&before, &after);
	EXPECT_EQ(rounds.number * N, GREW_BY(SHM, write));
}

/*
 * What is tracked goes when the process does.
 */

TEST_F(life, nothing_stays)
{
	struct rounds rounds = { .seconds = 5 };
	const uint64_t was = version_number("fault_tasks");
	unsigned int pages = 1;
	uint64_t is = 0;

	while (again(&rounds, 200)) {
		struct child child = child_start(touch_some, &pages);

		ASSERT_NE(-1, child.pid);
		child_end(&child);
	}
	rounds = (struct rounds) { .seconds = 10 };
	/* What has ended may be cleared away a little later. */
	while (again(&rounds, 1000)) {
		is = version_number("fault_tasks");
		if (is <= was + 3)
			break;
		usleep(10000);
	}
	EXPECT_GE(was + 3, is);
}

/* The text file "processes" has the same as the record, behind the columns of memory. */
static const char *text_same(pid_t pid, const struct memclass_record *record)
{
	static char text[1 << 20];
	unsigned int skip = 0, i, field, rows = 0;
	char *line, *word, *next, *rest;

	if (text_read(FILE_PATH("processes"), text, sizeof(text)) <= 0)
		return "processes cannot be read";
	line = strtok_r(text, "\n", &next);
	for (word = strtok_r(line, " ", &rest); word && strcmp(word, fault_names[0]);
	     word = strtok_r(NULL, " ", &rest))
		skip++;
	for (field = 0; field < FAULT_NR_FIELDS; field++, word = strtok_r(NULL, " ", &rest))
		if (!word || strcmp(word, fault_names[field]))
			return fault("%s is no column of processes", fault_names[field]);
	if (!word || strcmp(word, "comm"))
		return "comm is not the last column";
	while ((line = strtok_r(NULL, "\n", &next))) {
		const struct memclass_faults *faults = NULL;
		unsigned int column = 0;

		for (word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
			if (!column && strtol(word, NULL, 10) != pid)
				break;
			for (i = 0; column == 3 && i < MEMCLASS_NR_CLASSES; i++)
				if (!strcmp(word, class_name(i)))
					faults = &record->faults[i];
			if (column >= skip && column < skip + FAULT_NR_FIELDS &&
			    (!faults || strtoull(word, NULL, 10) !=
						fault_get(faults, column - skip)))
				return fault("processes: %s is %s", fault_names[column - skip],
					     word);
			column++;
		}
		rows += column > skip;
	}
	return rows ? NULL : "processes has no row of it";
}

TEST_F(life, text)
{
	unsigned int pages = N;
	struct child child = child_start(touch_some, &pages);

	ASSERT_NE(-1, child.pid);
	READ(child.pid, &after);
	EXPECT_RIGHT(text_same(child.pid, &after.record));
	child_end(&child);
}

/* Every process there is: together what was counted is right for each that holds still. */
TEST_F(life, everybody)
{
	static struct memclass_record record;
	const int fd = records_open();
	unsigned int right = 0;
	pid_t pid = 1;

	ASSERT_GE(fd, 0);
	while (pread(fd, &record, sizeof(record), records_at(pid) | MEMCLASS_OFFSET_CHEAP) ==
	       sizeof(record)) {
		EXPECT_NE(0U, record.flags & MEMCLASS_FAULTS_ON);
		EXPECT_RIGHT(fault_sums(&record));
		if (record.ppid == (uint32_t)getppid() && !fault_read(record.pid, &after)) {
			EXPECT_EXACT(&fault_none, &after);
			right++;
		}
		pid = record.pid + 1;
	}
	EXPECT_NE(0U, right);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--child"))
		return other_program(atoi(argv[2]));
	return test_harness_run(argc, argv);
}
