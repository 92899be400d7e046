// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: whatever a process does while it is read (ends, becomes another program,
 * takes its memory away, leaves its pid to another), a reader gets rows that hold
 * together and belong to one process, or none, never a row of two; and when some of its
 * mappings cannot be read any more, he is told.
 * Oracle: what the test's own processes did, and the identities that hold when every
 * page was counted once.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "lib/child.h"
#include "lib/reading.h"
#include "lib/rows.h"

#define ROWS	32

static struct memclass_record records[ROWS];
static struct memclass_vma vmas[ROWS];

/*
 * The test as another program: started by one of these names it acts as follows. The
 * name tells which memory it can have.
 */
#define NAME_SHM	"bad-shm"	/* shared anonymous memory, and no memfd */
#define NAME_MEMFD	"bad-memfd"	/* the other way round; ends */
#define PROGRAMS	"/tmp/memclass-bad-target"

static void touch(char *map, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += 4096)
		map[i] = 1;
}

static char *map_shm(size_t size)
{
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);

	if (map == MAP_FAILED)
		_exit(1);
	touch(map, size);
	return map;
}

static void map_memfd(size_t size)
{
	int fd = memfd_create("bad", MFD_CLOEXEC);
	char *map;

	if (fd < 0 || ftruncate(fd, size))
		_exit(1);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		_exit(1);
	touch(map, size);
}

/* Before the test harness takes shared memory, which it does in constructors too. */
static __attribute__((constructor(101))) void act_as_another_program(int argc, char **argv)
{
	const char *name = argc > 0 ? strrchr(argv[0], '/') : NULL;

	name = name ? name + 1 : "";
	if (!strcmp(name, NAME_MEMFD)) {
		map_memfd(MIB);
		/* With an argument, it goes on as the other one, and that as this one. */
		if (argc > 1)
			execl(PROGRAMS "/" NAME_SHM, PROGRAMS "/" NAME_SHM, argv[1], NULL);
		_exit(0);
	}
	if (!strcmp(name, NAME_SHM)) {
		map_shm(MIB);
		execl(PROGRAMS "/" NAME_MEMFD, PROGRAMS "/" NAME_MEMFD, argv[1], NULL);
		_exit(1);
	}
}

/* Makes them; a name that is there already is from another test of this program. */
static bool make_programs(void)
{
	const char *const names[] = { NAME_SHM, NAME_MEMFD };
	char self[PATH_MAX], path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t i;

	if (length < 0)
		return false;
	self[length] = 0;
	mkdir(PROGRAMS, 0700);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), PROGRAMS "/%s", names[i]);
		if (symlink(self, path) && errno != EEXIST)
			return false;
	}
	return true;
}

/* A record of either program that has memory of the other: two processes mixed. */
static const char *mixed(const struct memclass_record *record)
{
	const bool shm = record->classes[MEMCLASS_CLASS_SHM].vmas;
	const bool memfd = record->classes[MEMCLASS_CLASS_MEMFD].vmas;

	if ((!strcmp(record->comm, NAME_SHM) && memfd) ||
	    (!strcmp(record->comm, NAME_MEMFD) && shm))
		return fault("%s has shm %d memfd %d", record->comm, shm, memfd);
	return NULL;
}

static bool is_in_processes(pid_t pid)
{
	FILE *file = fopen(FILE_PATH("processes"), "r");
	char line[2048], start[16];
	bool found = false;

	if (!file)
		return false;
	snprintf(start, sizeof(start), "%d ", pid);
	while (!found && fgets(line, sizeof(line), file))
		found = !strncmp(line, start, strlen(start));
	fclose(file);
	return found;
}

/*
 * A pid that is no process of its own: all files pass over it, to the next one.
 * For one that is, all have it.
 */
#define EXPECT_PID(is_there, pid) \
	do { \
		int records_fd = records_open(), vmas_fd = vmas_open(); \
		EXPECT_EQ(is_there, next_record(records_fd, pid, records) == (pid)); \
		EXPECT_EQ(is_there, next_vma(vmas_fd, pid, vmas) == (pid)); \
		EXPECT_EQ(is_there, is_in_processes(pid)); \
		close(records_fd); \
		close(vmas_fd); \
	} while (0)

struct threads {
	pid_t tid;
	pthread_barrier_t barrier;
};

static void *tell_tid_and_wait(void *data)
{
	struct threads *threads = data;

	threads->tid = gettid();
	pthread_barrier_wait(&threads->barrier);
	for (;;)
		pause();
	return NULL;
}

TEST(pid_of_a_thread)
{
	struct threads threads;
	pthread_t thread;

	pthread_barrier_init(&threads.barrier, NULL, 2);
	ASSERT_EQ(0, pthread_create(&thread, NULL, tell_tid_and_wait, &threads));
	pthread_barrier_wait(&threads.barrier);
	ASSERT_NE(getpid(), threads.tid);
	EXPECT_PID(true, getpid());
	EXPECT_PID(false, threads.tid);
}

static void end_leader(const struct child *parent, void *data)
{
	struct threads *threads = data;
	pthread_t thread;

	pthread_barrier_init(&threads->barrier, NULL, 2);
	if (pthread_create(&thread, NULL, tell_tid_and_wait, threads))
		_exit(1);
	pthread_barrier_wait(&threads->barrier);
	child_tell(parent);
	child_wait(parent);
	/* Only this thread. */
	syscall(SYS_exit, 0);
}

/* Its leader has ended, the process has not: it has all its memory. */
TEST(leader_has_ended)
{
	struct threads threads;
	struct child child = child_start(end_leader, &threads);
	char path[64], state = 0;
	FILE *file;

	ASSERT_GT(child.pid, 0);
	child_tell(&child);
	snprintf(path, sizeof(path), "/proc/%d/stat", child.pid);
	do {
		file = fopen(path, "r");
		ASSERT_NE(NULL, file);
		ASSERT_EQ(1, fscanf(file, "%*d (%*[^)]) %c", &state));
		fclose(file);
	} while (state != 'Z');
	EXPECT_PID(true, child.pid);
	child_end(&child);
}

TEST(kernel_threads)
{
	int fd = records_open();
	uint32_t pid = 0, i;
	ssize_t got;

	EXPECT_PID(false, 2);
	EXPECT_EQ(1, next_record(fd, 0, records));
	/* None of them has a program. */
	while ((got = read(fd, records, sizeof(records))) > 0) {
		for (i = 0; i < got / sizeof(records[0]); i++) {
			char path[64], target[64];

			pid = records[i].pid;
			snprintf(path, sizeof(path), "/proc/%u/exe", pid);
			EXPECT_TRUE(readlink(path, target, sizeof(target)) > 0 ||
				    access(path, F_OK));
		}
	}
	EXPECT_LE((uint32_t)getpid(), pid);
}

TEST(zombie_and_gone)
{
	struct child child = child_start(NULL, NULL);
	siginfo_t info;
	pid_t pid = child.pid;

	ASSERT_GT(pid, 0);
	EXPECT_PID(true, pid);
	kill(pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	EXPECT_PID(false, pid);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_PID(false, pid);
}

/* The children below have other children by clone3(): with a pid of one's choice. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

/*
 * A pid that was another process's before, also between two reads of the same open
 * file: rows are those of the process that has it now, or, where the first one's were
 * not yet at their end, they end.
 */
TEST(pid_recycled)
{
	const int records_fd = records_open(), vmas_fd = vmas_open();
	struct child child = child_start(NULL, NULL);
	const pid_t pid = child.pid;
	uint64_t first_ns;
	loff_t position;

	ASSERT_GT(pid, 0);
	ASSERT_EQ(pid, next_record(records_fd, pid, records));
	EXPECT_TRUE(start_is(records[0].start_ns, proc_start_ticks(pid)));
	EXPECT_EQ(getpid(), (pid_t)records[0].ppid);
	first_ns = records[0].start_ns;
	ASSERT_EQ(records_at(pid), lseek(records_fd, records_at(pid), SEEK_SET));
	ASSERT_EQ(vmas_at(pid, 0), lseek(vmas_fd, vmas_at(pid, 0), SEEK_SET));
	ASSERT_EQ((ssize_t)(2 * sizeof(vmas[0])), read(vmas_fd, vmas, 2 * sizeof(vmas[0])));
	EXPECT_EQ(first_ns, vmas[0].start_ns);
	position = lseek(vmas_fd, 0, SEEK_CUR);
	ASSERT_EQ(vmas_at(pid, 2), position);
	child_end(&child);

	child.pid = fork_as(pid);
	if (!child.pid) {
		die_with_parent();
		prctl(PR_SET_NAME, "bad-second");
		for (;;)
			pause();
	}
	ASSERT_EQ(pid, child.pid);
	do {
		ASSERT_EQ((ssize_t)sizeof(records[0]),
			  pread(records_fd, records, sizeof(records[0]), records_at(pid)));
		ASSERT_EQ(pid, (pid_t)records[0].pid);
	} while (strcmp(records[0].comm, "bad-second"));
	EXPECT_LT(first_ns, records[0].start_ns);
	EXPECT_TRUE(start_is(records[0].start_ns, proc_start_ticks(pid)));
	ASSERT_EQ((ssize_t)sizeof(records[0]), read(records_fd, records, sizeof(records[0])));
	EXPECT_LT(first_ns, records[0].start_ns);

	/* The rest of the first one's mappings went with it, which is said once. */
	EXPECT_EQ(-1, read(vmas_fd, vmas, sizeof(vmas[0])));
	EXPECT_EQ(ESRCH, errno);
	if (read(vmas_fd, vmas, sizeof(vmas[0])) > 0) {
		EXPECT_LT(pid, (pid_t)vmas[0].pid);
	}
	/* But whoever asks for just this place gets it. */
	ASSERT_EQ((ssize_t)sizeof(vmas[0]), pread(vmas_open(), vmas, sizeof(vmas[0]), position));
	EXPECT_EQ(pid, (pid_t)vmas[0].pid);
	EXPECT_EQ(2U, vmas[0].ordinal);
	EXPECT_LT(first_ns, vmas[0].start_ns);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Programs that become one another in a loop. */
TEST(exec_in_a_loop)
{
	const int fd = records_open();
	unsigned int i, seen[2] = {};
	struct rounds rounds = {};
	pid_t pids[4];

	ASSERT_TRUE(make_programs());
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		ASSERT_GE(pids[i], 0);
		if (!pids[i]) {
			die_with_parent();
			execl(PROGRAMS "/" NAME_SHM, PROGRAMS "/" NAME_SHM, "on", NULL);
			_exit(1);
		}
	}
	while (again(&rounds, 2000)) {
		const pid_t pid = pids[rounds.number % ARRAY_SIZE(pids)];

		/* One that does nothing but exec may be passed over. */
		if (!record_of(fd, pid, &records[0]))
			continue;
		ASSERT_RIGHT(record_fault(&records[0]));
		ASSERT_RIGHT(mixed(&records[0]));
		ASSERT_TRUE(start_is(records[0].start_ns, proc_start_ticks(pid)));
		seen[!strcmp(records[0].comm, NAME_SHM)]++;
	}
	TH_LOG("seen %u times as one, %u as the other", seen[0], seen[1]);
	EXPECT_NE(0U, seen[0] + seen[1]);
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}

static void vfork_forever(const struct child *parent, void *data)
{
	volatile unsigned int i, spin = 1;

	prctl(PR_SET_NAME, NAME_SHM);
	map_shm(32 * MIB);
	child_tell(parent);
	for (;;) {
		pid_t pid = vfork();

		if (!pid) {
			/* So that it is met at all stages of its borrowed memory. */
			for (i = 0; i < spin; i++)
				asm volatile("" : : : "memory");
			execl(PROGRAMS "/" NAME_MEMFD, PROGRAMS "/" NAME_MEMFD, NULL);
			_exit(1);
		}
		spin = spin * 3 % 1000003;
		waitpid(pid, NULL, 0);
	}
}

/*
 * Children that have their parent's memory first, and then become another program
 * while that is walked: a record has the name and the memory of one of the two.
 */
TEST(vfork_and_exec)
{
	const int fd = records_open();
	unsigned int borrowed = 0, own = 0;
	struct rounds rounds = {};
	struct child child;
	ssize_t got;

	ASSERT_TRUE(make_programs());
	child = child_start(vfork_forever, NULL);
	ASSERT_GT(child.pid, 0);
	while (again(&rounds, 1000)) {
		uint32_t j;

		got = pread(fd, records, sizeof(records), records_at(child.pid));
		ASSERT_GT(got, 0);
		for (j = 0; j < got / sizeof(records[0]); j++) {
			ASSERT_RIGHT(record_fault(&records[j]));
			ASSERT_RIGHT(mixed(&records[j]));
			if ((pid_t)records[j].ppid != child.pid)
				continue;
			if (records[j].flags & MEMCLASS_SHARED_MM)
				borrowed++;
			else
				own++;
		}
	}
	TH_LOG("its children were seen %u times with its memory, %u with theirs", borrowed,
	       own);
	child_end(&child);
}

/*
 * Takes and gives memory in all ways there are, without ever stopping; in a range of
 * its own. What is given back for a moment can be had by anybody, so nobody else may ask
 * for memory anywhere then.
 */
#define CHANGING	(8 * MIB)

static void *change_memory(void *range)
{
	const size_t size = CHANGING, page = sysconf(_SC_PAGESIZE);
	char *map = range;
	int memfd = memfd_create("bad", 0);
	unsigned int round, seed = (uintptr_t)range >> 20;

	if (memfd < 0 || ftruncate(memfd, size))
		_exit(1);
	for (round = 0;; round++) {
		const int kind = rand_r(&seed) % 3;
		const int flags = MAP_FIXED | (kind == 1 ? MAP_SHARED : MAP_PRIVATE);
		const size_t at = rand_r(&seed) % (size / page - 64) * page;

		if (mmap(map, size, PROT_READ | PROT_WRITE,
			 kind ? flags : flags | MAP_ANONYMOUS, kind ? memfd : -1, 0) != map)
			_exit(1);
		if (rand_r(&seed) % 2)
			madvise(map, size, MADV_HUGEPAGE);
		touch(map, size);
		mprotect(map + at, 16 * page, PROT_READ);
		munmap(map + at + 8 * page, 4 * page);
		madvise(map + at + 20 * page, 16 * page, MADV_DONTNEED);
		madvise(map, at, MADV_FREE);
		mremap(map + at, 4 * page, 8 * page, MREMAP_MAYMOVE | MREMAP_FIXED, map + size);
		mprotect(map + at, 8 * page, PROT_READ | PROT_WRITE);
		munmap(map, size + 8 * page);
	}
	return NULL;
}

static void change_memory_forever(const struct child *parent, void *data)
{
	char *map = mmap(NULL, 4 * CHANGING + 4096, PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pthread_t thread;

	if (map == MAP_FAILED ||
	    pthread_create(&thread, NULL, want_mmap_lock, map + 4 * CHANGING) ||
	    pthread_create(&thread, NULL, change_memory, map))
		_exit(1);
	child_tell(parent);
	change_memory(map + 2 * CHANGING);
}

TEST(memory_that_changes)
{
	const int records_fd = records_open(), vmas_fd = vmas_open();
	struct child child = child_start(change_memory_forever, NULL);
	unsigned int changed = 0, drops = 0;
	struct rounds rounds = {};
	ssize_t got;

	ASSERT_GT(child.pid, 0);
	while (again(&rounds, 600)) {
		const loff_t cheap = rounds.number % 4 ? 0 : MEMCLASS_OFFSET_CHEAP;
		uint64_t end = 0;
		uint32_t j, ordinal = 0;

		ASSERT_EQ((ssize_t)sizeof(records[0]),
			  pread(records_fd, records, sizeof(records[0]),
				records_at(child.pid) | cheap));
		ASSERT_EQ(child.pid, (pid_t)records[0].pid);
		ASSERT_RIGHT(record_fault(&records[0]));
		changed += records[0].cost.changed;
		drops += records[0].cost.lock_drops;

		lseek(vmas_fd, vmas_at(child.pid, 0) | cheap, SEEK_SET);
		do {
			got = read(vmas_fd, vmas, sizeof(vmas));
			ASSERT_GE(got, 0);
			for (j = 0; j < got / sizeof(vmas[0]); j++) {
				if ((pid_t)vmas[j].pid != child.pid)
					break;
				ASSERT_RIGHT(vma_fault(&vmas[j]));
				ASSERT_EQ(ordinal++, vmas[j].ordinal);
				/* Even where mappings were cut and merged meanwhile. */
				ASSERT_LE(end, vmas[j].start);
				end = vmas[j].end;
			}
		} while (got && j == got / sizeof(vmas[0]));
		ASSERT_LT(0U, ordinal);
	}
	TH_LOG("%u changes seen, %u times let go of the lock", changed, drops);
	child_end(&child);
}

struct replaced {
	char *map;
	size_t size;
	int fd;
};

static void replace_mappings(const struct child *parent, void *data)
{
	struct replaced *replaced = data;
	unsigned int round;
	size_t at;

	child_tell(parent);
	for (round = 0;; round++) {
		const bool anon = round % 2;

		if (mmap(replaced->map, replaced->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_FIXED | (anon ? MAP_ANONYMOUS : 0),
			 anon ? -1 : replaced->fd, 0) != replaced->map)
			_exit(1);
		/* Page tables with something in them, and holes between them. */
		for (at = 0; at < replaced->size; at += 4 * MIB)
			replaced->map[at] = 1;
	}
}

/*
 * A private mapping of a swapped-out shmem object takes turns with an anonymous one
 * that has the same place, size and permissions: what a walk knew of the first, it
 * must not use on the second.
 */
TEST(mapping_replaced_by_one_that_looks_alike)
{
	struct replaced replaced = { .size = 32 * MIB };
	const int records_fd = records_open(), vmas_fd = vmas_open();
	struct rounds rounds = {};
	unsigned int swapped = 0;
	struct child child;
	char *shared;

	replaced.fd = memfd_create("bad", 0);
	ASSERT_GE(replaced.fd, 0);
	ASSERT_EQ(0, ftruncate(replaced.fd, replaced.size));
	shared = mmap(NULL, replaced.size, PROT_READ | PROT_WRITE, MAP_SHARED, replaced.fd, 0);
	ASSERT_NE(MAP_FAILED, shared);
	touch(shared, replaced.size);
	if (madvise(shared, replaced.size, MADV_PAGEOUT))
		SKIP(return, "this kernel has no MADV_PAGEOUT");
	ASSERT_TRUE(record_of(records_fd, getpid(), &records[0]));
	if (!records[0].total.swap_shmem)
		SKIP(return, "no swap: selftests/vm/run --swap 256");
	munmap(shared, replaced.size);

	replaced.map = mmap(NULL, replaced.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, replaced.map);
	child = child_start(replace_mappings, &replaced);
	ASSERT_GT(child.pid, 0);
	while (again(&rounds, 1500)) {
		ASSERT_TRUE(record_of(records_fd, child.pid, &records[0]));
		ASSERT_RIGHT(record_fault(&records[0]));
		swapped += !!records[0].total.swap_shmem;
		ASSERT_LT(0, pread(vmas_fd, vmas, sizeof(vmas), vmas_at(child.pid, 0)));
	}
	TH_LOG("%u of %u walks met swap", swapped, rounds.number);
	child_end(&child);
}

/*
 * Mappings of a child that come and go around those that stay. The places are all in
 * a range of their own; every other one is of those that stay.
 */
#define PLACES		128U
#define PLACE_SIZE	65536UL

struct places {
	char *base;
	unsigned int place;	/* to change next */
};

static bool place_map(const struct places *places, unsigned int place)
{
	/* One can be written to and the next cannot: they do not merge. */
	return mmap(places->base + place * PLACE_SIZE, PLACE_SIZE / 2,
		    place % 4 < 2 ? PROT_READ : PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

static void change_places(const struct child *parent, void *data)
{
	struct places *places = data;
	bool mapped[PLACES] = {};
	unsigned int i;

	for (i = 0; i < PLACES; i += 2) {
		if (!place_map(places, i))
			_exit(1);
	}
	for (;;) {
		child_tell(parent);
		if (!child_wait(parent))
			_exit(0);
		i = places->place;
		if (mapped[i])
			munmap(places->base + i * PLACE_SIZE, PLACE_SIZE / 2);
		else if (!place_map(places, i))
			_exit(1);
		mapped[i] = !mapped[i];
	}
}

static struct places *places_get(void)
{
	struct places *places = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	/* Nothing else is mapped there, since nobody else maps in the child. */
	places->base = mmap(NULL, PLACES * PLACE_SIZE, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	munmap(places->base, PLACES * PLACE_SIZE);
	return places;
}

TEST(vmas_go_on_by_address)
{
	struct places *places = places_get();
	struct child child = child_start(change_places, places);
	struct rounds rounds = {};
	unsigned int rows, seed = 1;

	ASSERT_GT(child.pid, 0);
	while (again(&rounds, 24)) {
		const int fd = vmas_open();
		unsigned int stable = 0, i;
		ssize_t got;

		rows = 1 + rounds.number % 5;
		lseek(fd, vmas_at(child.pid, 0), SEEK_SET);
		do {
			got = read(fd, vmas, rows * sizeof(vmas[0]));
			ASSERT_GE(got, 0);
			for (i = 0; i < got / sizeof(vmas[0]); i++) {
				const uint64_t offset = vmas[i].start - (uintptr_t)places->base;

				if ((pid_t)vmas[i].pid != child.pid) {
					got = 0;
					break;
				}
				if (offset >= PLACES * PLACE_SIZE ||
				    offset / PLACE_SIZE % 2)
					continue;
				/* Each once, and in order. */
				ASSERT_EQ(2 * stable * PLACE_SIZE, offset);
				ASSERT_EQ(vmas[i].start + PLACE_SIZE / 2, vmas[i].end);
				ASSERT_RIGHT(vma_fault(&vmas[i]));
				stable++;
			}
			places->place = rand_r(&seed) % (PLACES / 2) * 2 + 1;
			ASSERT_TRUE(child_step(&child));
		} while (got);
		EXPECT_EQ(PLACES / 2, stable);
		close(fd);
	}
	child_end(&child);
}

/* Mappings by their number, in any order, against /proc/PID/maps. */
TEST(vmas_by_number)
{
	struct places *places = places_get();
	struct child child = child_start(change_places, places);
	uint64_t starts[2 * PLACES], ends[2 * PLACES];
	const int fd = vmas_open();
	unsigned int count = 0, i, seed = 2;
	char path[32], line[512];
	FILE *maps;

	ASSERT_GT(child.pid, 0);
	snprintf(path, sizeof(path), "/proc/%d/maps", child.pid);
	maps = fopen(path, "r");
	ASSERT_NE(NULL, maps);
	while (fgets(line, sizeof(line), maps)) {
		if (strstr(line, "[vsyscall]"))
			continue;
		ASSERT_LT(count, 2 * PLACES);
		ASSERT_EQ(2, sscanf(line, "%lx-%lx ", &starts[count], &ends[count]));
		count++;
	}
	fclose(maps);
	ASSERT_LE(PLACES / 2, count);
	for (i = 0; i < 4 * count; i++) {
		const unsigned int number = rand_r(&seed) % (count + 2);
		ssize_t got = pread(fd, vmas, sizeof(vmas[0]), vmas_at(child.pid, number));

		if (number < count) {
			ASSERT_EQ((ssize_t)sizeof(vmas[0]), got);
			ASSERT_EQ(child.pid, (pid_t)vmas[0].pid);
			ASSERT_EQ(number, vmas[0].ordinal);
			ASSERT_EQ(starts[number], vmas[0].start);
			ASSERT_EQ(ends[number], vmas[0].end);
		} else if (got) {
			/* There is no such mapping: the next process's first one. */
			ASSERT_LT(child.pid, (pid_t)vmas[0].pid);
			ASSERT_EQ(0U, vmas[0].ordinal);
		}
	}
	EXPECT_LE(0, pread(fd, vmas, sizeof(vmas[0]),
			   vmas_at(child.pid, MEMCLASS_VMA_ORDINALS - 1)));
	child_end(&child);
}

TEST_HARNESS_MAIN
