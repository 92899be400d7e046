// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: counting can be turned off and on, the module loaded and unloaded, at any
 * moment, whatever tasks fault or sleep in a fault and whoever reads; and where the
 * kernel's own switches take the hook away, the module says what it missed.
 * Oracle: /proc/PID/stat, the files' own format, the errors that are documented, and
 * the clock.
 */
#include "fault_disk.h"
#include "fault_module.h"

#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "kselftest_harness.h"
#include "lib/kernel.h"
#include "lib/patience.h"

#define KPROBES_ENABLED	"/sys/kernel/debug/kprobes/enabled"
#define FTRACE_ENABLED	"/proc/sys/kernel/ftrace_enabled"

/* Of each test under load, unless SOAK in the environment says how many (soak/unload). */
#define UNLOADING_SECONDS	2
#define SWITCHING_SECONDS	2
/* That an unload may take: the kernel waits until all tasks have left the hook. */
#define UNLOAD_NS		(20 * SEC)

static unsigned int seconds(unsigned int usually)
{
	const char *soak = getenv("SOAK");

	return soak ? strtoul(soak, NULL, 10) : usually;
}

static bool version_is(const char *value)
{
	char text[128];

	return version_get("faults", text, sizeof(text)) && !strcmp(text, value);
}

/* The kernel's log, from here on: what is in it already can take a second to read. */
static int log_open(void)
{
	const int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	lseek(log, 0, SEEK_END);
	return log;
}

/* How many lines there are with this in them, that have not been counted yet. */
static unsigned int log_lines(int log, const char *with)
{
	unsigned int nr = 0;
	char line[8192];
	ssize_t got;

	while ((got = read(log, line, sizeof(line) - 1)) > 0 || (got < 0 && errno == EPIPE)) {
		if (got < 0)
			continue;
		line[got] = 0;
		nr += !!strstr(line, with);
	}
	return nr;
}

FIXTURE(module)
{
	struct child child;
};

FIXTURE_SETUP(module)
{
	if (access(MODULE_KO, R_OK))
		SKIP(return, MODULE_KO " is not there");
	ASSERT_TRUE(module_reload(""));
	self->child = faulter_start();
	ASSERT_NE(-1, self->child.pid);
}

FIXTURE_TEARDOWN(module)
{
	if (!self->child.pid)
		return;
	child_end(&self->child);
	text_write(KPROBES_ENABLED, "1");
	text_write(FTRACE_ENABLED, "1");
	EXPECT_TRUE(module_reload(""));
}

/*
 * The parameter.
 */

TEST_F(module, names)
{
	static const char *const wrong[] = {
		"nonsense",
		"of",
		"offf",
		"ftrace,kprobe",
		"kretprobe",
		"0",
		"%s%n",
		"\x1b[31m",
		"-1",
		"auto off",
		"FTRACE",
	};
	static char endless[4000];
	const int log = log_open();
	unsigned int i;

	EXPECT_TRUE(parameter_is("auto"));
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_FALSE(faults_set(wrong[i]));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(1U, log_lines(log, "is none of auto, ftrace, kprobe, off"));
		EXPECT_TRUE(parameter_is("auto"));
	}
	close(log);
	memset(endless, 'x', sizeof(endless) - 1);
	EXPECT_FALSE(faults_set(endless));
	EXPECT_EQ(EINVAL, errno);
	/* All of that changed nothing. */
	EXPECT_RIGHT(faulter_check(&self->child));
	/* With and without the end of line that echo writes. */
	EXPECT_TRUE(faults_set("off\n"));
	EXPECT_TRUE(parameter_is("off"));
	EXPECT_TRUE(faults_set("kprobe"));
	EXPECT_TRUE(parameter_is("kprobe"));
	EXPECT_TRUE(version_is("kprobe"));
	EXPECT_TRUE(faults_set("ftrace"));
	EXPECT_TRUE(version_is("ftrace"));
	EXPECT_RIGHT(faulter_check(&self->child));
}

TEST_F(module, loaded_with_a_wrong_name)
{
	ASSERT_EQ(0, module_unload());
	EXPECT_EQ(-1, module_load("faults=nonsense"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_FALSE(module_is_loaded());
	EXPECT_EQ(0, module_load("faults=off"));
	EXPECT_TRUE(version_is("off: by parameter"));
}

TEST_F(module, loaded_twice)
{
	EXPECT_EQ(-1, module_load("faults=kprobe"));
	EXPECT_EQ(EEXIST, errno);
	EXPECT_TRUE(parameter_is("auto"));
	EXPECT_RIGHT(faulter_check(&self->child));
}

/* Is every value of the rows that the file has "off", from that column on? */
static const char *all_off(const char *path, const char *from)
{
	static char text[1 << 20], line[4096];
	char *next, *row, *word, *rest, *heading;
	unsigned int skip = 0, i, rows = 0;

	if (text_read(path, text, sizeof(text)) <= 0)
		return fault("cannot read %s", path);
	heading = strtok_r(text, "\n", &next);
	snprintf(line, sizeof(line), "%s", heading);
	for (word = strtok_r(line, " ", &rest); word && strcmp(word, from);
	     word = strtok_r(NULL, " ", &rest))
		skip++;
	if (!word)
		return fault("%s has no column %s", path, from);
	while ((row = strtok_r(NULL, "\n", &next))) {
		word = strtok_r(row, " ", &rest);
		for (i = 0; i < skip; i++)
			word = strtok_r(NULL, " ", &rest);
		for (i = 0; i < FAULT_NR_FIELDS; i++, word = strtok_r(NULL, " ", &rest)) {
			if (!word || strcmp(word, "off"))
				return fault("%s has '%s' where it is off", path, word ?: "");
		}
		rows++;
	}
	return rows ? NULL : fault("%s has no rows", path);
}

TEST_F(module, off)
{
	static const struct memclass_faults none;
	struct memclass_record record;
	const int fd = records_open();
	unsigned int i;

	ASSERT_TRUE(faults_set("off"));
	EXPECT_TRUE(version_is("off: by parameter"));
	ASSERT_TRUE(child_step(&self->child));
	ASSERT_TRUE(record_of(fd, self->child.pid, &record));
	EXPECT_EQ(0U, record.flags & MEMCLASS_FAULTS_ON);
	EXPECT_EQ(0U, record.faults_dropped);
	EXPECT_EQ(0, memcmp(&none, &record.faults_total, sizeof(none)));
	for (i = 0; i < MEMCLASS_NR_CLASSES; i++)
		EXPECT_EQ(0, memcmp(&none, &record.faults[i], sizeof(none)));
	EXPECT_RIGHT(record_fault(&record));
	EXPECT_RIGHT(all_off(FILE_PATH("processes"), "minor_read"));
	EXPECT_RIGHT(all_off(FILE_PATH("faults"), "minor_read"));
	EXPECT_EQ(0U, version_number("fault_tasks"));
	close(fd);
	/* It begins again, from then on, for those who were there before as well. */
	ASSERT_TRUE(faults_set("auto"));
	EXPECT_RIGHT(faulter_check(&self->child));
}

/*
 * The kernel's own switches.
 */

/* Nothing is made up: what the hook did not see is dropped, and nothing else is. */
static void hook_taken_away(struct __test_metadata *_metadata, struct child *child,
			    const char *hook, const char *enabled)
{
	static struct fault_reading before, after;
	const uint64_t missed = version_number("fault_missed");
	uint64_t all;

	if (access(enabled, W_OK))
		SKIP(return, "no %s", enabled);
	ASSERT_TRUE(faults_set(hook));
	EXPECT_RIGHT(faulter_check(child));
	if (!text_write(enabled, "0"))
		SKIP(return, "%s: %s", enabled, strerror(errno));
	ASSERT_RIGHT(fault_read(child->pid, &before));
	ASSERT_TRUE(child_step(child));
	ASSERT_RIGHT(fault_read(child->pid, &after));
	EXPECT_RIGHT(fault_sums(&after.record));
	EXPECT_EQ(FAULTER_PAGES, after.minor - before.minor);
	EXPECT_EQ(FAULTER_PAGES, after.record.faults_dropped - before.record.faults_dropped);
	all = fault_minor(&after.record.faults_total) - fault_minor(&before.record.faults_total);
	EXPECT_EQ(0U, all);
	EXPECT_LE(missed + FAULTER_PAGES, version_number("fault_missed"));
	EXPECT_LE(version_number("fault_missed"), version_number("fault_dropped"));
	/* From then on it sees them again. What it missed stays dropped. */
	ASSERT_TRUE(text_write(enabled, "1"));
	ASSERT_RIGHT(fault_read(child->pid, &before));
	EXPECT_EQ(after.record.faults_dropped, before.record.faults_dropped);
	EXPECT_RIGHT(faulter_check(child));
	ASSERT_RIGHT(fault_read(child->pid, &after));
	EXPECT_EQ(before.record.faults_dropped, after.record.faults_dropped);
}

TEST_F(module, kprobes_disabled_meanwhile)
{
	hook_taken_away(_metadata, &self->child, "kprobe", KPROBES_ENABLED);
}

TEST_F(module, ftrace_disabled_meanwhile)
{
	hook_taken_away(_metadata, &self->child, "ftrace", FTRACE_ENABLED);
}

/* There from the beginning, the hook is never called: it is not used, and all else is. */
static void hook_refused(struct __test_metadata *_metadata, const char *hook, const char *enabled)
{
	struct memclass_record record;
	char parameters[32], why[128];
	int fd, log;

	if (access(enabled, W_OK))
		SKIP(return, "no %s", enabled);
	log = log_open();
	snprintf(parameters, sizeof(parameters), "faults=%s", hook);
	ASSERT_EQ(0, module_unload());
	ASSERT_TRUE(text_write(enabled, "0"));
	ASSERT_EQ(0, module_load(parameters));
	EXPECT_FALSE(faults_are_on(why));
	EXPECT_EQ(0, strncmp(why, "off: the hook ", 14))
	{
		TH_LOG("%s", why);
	}
	EXPECT_EQ(1U, log_lines(log, "memclass: not counting page faults: the hook "));
	close(log);
	fd = records_open();
	ASSERT_TRUE(record_of(fd, getpid(), &record));
	EXPECT_RIGHT(record_fault(&record));
	EXPECT_EQ(0U, record.flags & MEMCLASS_FAULTS_ON);
	close(fd);
	/* When it can be, it is a matter of saying so again. */
	ASSERT_TRUE(text_write(enabled, "1"));
	ASSERT_TRUE(faults_set(hook));
	EXPECT_TRUE(version_is(hook));
}

TEST_F(module, kprobes_disabled_before)
{
	hook_refused(_metadata, "kprobe", KPROBES_ENABLED);
	EXPECT_RIGHT(faulter_check(&self->child));
}

TEST_F(module, ftrace_disabled_before)
{
	hook_refused(_metadata, "ftrace", FTRACE_ENABLED);
	EXPECT_RIGHT(faulter_check(&self->child));
}

/* By itself it takes what works, or none. */
TEST_F(module, auto_with_one_disabled)
{
	char why[128];

	ASSERT_EQ(0, module_unload());
	ASSERT_TRUE(text_write(KPROBES_ENABLED, "0"));
	ASSERT_EQ(0, module_load(""));
	EXPECT_TRUE(version_is("ftrace"));
	EXPECT_RIGHT(faulter_check(&self->child));
	ASSERT_EQ(0, module_unload());
	if (!text_write(FTRACE_ENABLED, "0"))
		SKIP(return, "%s: %s", FTRACE_ENABLED, strerror(errno));
	ASSERT_EQ(0, module_load(""));
	EXPECT_FALSE(faults_are_on(why));
	ASSERT_TRUE(text_write(KPROBES_ENABLED, "1"));
	ASSERT_TRUE(text_write(FTRACE_ENABLED, "1"));
	ASSERT_TRUE(faults_set("auto"));
	EXPECT_TRUE(version_is("ftrace"));
	EXPECT_RIGHT(faulter_check(&self->child));
}

/*
 * Load: processes with threads that fault all the time and end, and tasks that sleep in
 * a fault for as long as the test lasts.
 */

/* On a kernel that takes long for each fault: else whoever switches has no turn. */
static void rest(void)
{
	if (kernel_checks_itself() && !getenv("SOAK"))
		usleep(20000);
}

static void *fault_a_while(void *map)
{
	touch(map, 16 * PAGE);
	return NULL;
}

static void *fault_forever(void *unused)
{
	const size_t length = 32 * PAGE;
	char *map = map_own_anon(length);
	pthread_t thread;

	while (map) {
		touch(map, length);
		if (!pthread_create(&thread, NULL, fault_a_while, map))
			pthread_join(thread, NULL);
		madvise(map, length, MADV_DONTNEED);
		look_at(map, length);
		madvise(map, length, MADV_DONTNEED);
		rest();
	}
	return NULL;
}

static void fault_in_threads(const struct child *parent, void *unused)
{
	unsigned int i;
	pthread_t thread;

	for (i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, fault_forever, NULL))
			_exit(1);
}

/* Processes come and go as well. */
static void fault_and_fork(const struct child *parent, void *unused)
{
	char *map = map_own_anon(8 * PAGE);
	pid_t pid;

	child_tell(parent);
	for (;;) {
		pid = fork();
		if (!pid) {
			touch(map, 8 * PAGE);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		rest();
	}
}

static void *sleep_in_fault(void *map)
{
	touch(map, PAGE);
	return NULL;
}

#define SLEEPERS	20

/* What they wait for never comes. */
static void sleep_in_userfaultfd(const struct child *parent, void *unused)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	const int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	char *map = map_own_anon(SLEEPERS * PAGE);
	unsigned int i;
	pthread_t thread;

	area.range.start = (uintptr_t)map;
	area.range.len = SLEEPERS * PAGE;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &area))
		_exit(0);
	for (i = 0; i < SLEEPERS; i++)
		if (pthread_create(&thread, NULL, sleep_in_fault, map + i * PAGE))
			_exit(1);
	usleep(200000);
}

static pthread_barrier_t frozen;

static void *sleep_in_frozen_fault(void *map)
{
	pthread_barrier_wait(&frozen);
	touch(map, PAGE);
	return NULL;
}

/*
 * Nor this, as long as the file system is frozen. The threads are there before, since
 * the lock that makes room for one more can be held by those that sleep.
 */
static void sleep_in_frozen(const struct child *parent, void *unused)
{
	const int fd = open(DISK_FILE, O_RDWR | O_CLOEXEC);
	char *map = map_own(SLEEPERS * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	unsigned int i;
	pthread_t thread;

	if (!map || pthread_barrier_init(&frozen, NULL, SLEEPERS + 1))
		_exit(1);
	look_at(map, SLEEPERS * PAGE);
	for (i = 0; i < SLEEPERS; i++)
		if (pthread_create(&thread, NULL, sleep_in_frozen_fault, map + i * PAGE))
			_exit(1);
	if (!settle())
		_exit(1);
	child_tell(parent);
	child_wait(parent);
	pthread_barrier_wait(&frozen);
	usleep(200000);
}

FIXTURE(load)
{
	struct child children[5];
	unsigned int nr;
	bool disk;
	int frozen;
};

FIXTURE_SETUP(load)
{
	if (access(MODULE_KO, R_OK))
		SKIP(return, MODULE_KO " is not there");
	ASSERT_TRUE(module_reload(""));
	self->frozen = -1;
	/* The disk first: beside the others, making it would take a minute. */
	self->disk = disk_make();
	if (self->disk) {
		self->children[self->nr++] = child_start(sleep_in_frozen, NULL);
		self->frozen = open(DISK, O_RDONLY | O_CLOEXEC);
		ASSERT_EQ(0, ioctl(self->frozen, FIFREEZE, 0));
		ASSERT_TRUE(child_step(&self->children[self->nr - 1]));
	}
	self->children[self->nr++] = child_start(sleep_in_userfaultfd, NULL);
	self->children[self->nr++] = child_start(fault_in_threads, NULL);
	self->children[self->nr++] = child_start(fault_and_fork, NULL);
	self->children[self->nr++] = faulter_start();
}

FIXTURE_TEARDOWN(load)
{
	if (!self->nr)
		return;
	if (self->frozen >= 0) {
		EXPECT_EQ(0, ioctl(self->frozen, FITHAW, 0));
		close(self->frozen);
	}
	while (self->nr--)
		child_end(&self->children[self->nr]);
	if (self->disk)
		EXPECT_TRUE(disk_remove());
	EXPECT_TRUE(module_reload(""));
}

#define FAULTER (&self->children[self->nr - 1])

/* As many as there is time for, unless SOAK_ROUNDS in the environment is less. */
static unsigned int rounds_at_most(void)
{
	const char *soak = getenv("SOAK_ROUNDS");

	return soak ? strtoul(soak, NULL, 10) : UINT_MAX;
}

TEST_F_TIMEOUT(load, loaded_and_unloaded, 100000)
{
	static const char *const parameters[] = { "", "faults=ftrace", "faults=kprobe", "faults=off" };
	struct rounds rounds = { .seconds = seconds(UNLOADING_SECONDS) };
	uint64_t began, took, longest = 0;

	while (again(&rounds, rounds_at_most())) {
		began = now_ns();
		ASSERT_EQ(0, module_unload());
		took = now_ns() - began;
		if (took > longest)
			longest = took;
		ASSERT_EQ(0, module_load(parameters[rounds.number % ARRAY_SIZE(parameters)]));
		if (rounds.number % ARRAY_SIZE(parameters) != 3)
			EXPECT_RIGHT(faulter_check(FAULTER));
		ASSERT_FALSE(_metadata->exit_code == KSFT_FAIL);
	}
	TH_LOG("%u rounds; the longest unload took %llu ms", rounds.number,
	       (unsigned long long)longest / 1000000);
	EXPECT_GT(UNLOAD_NS, longest);
}

struct readers {
	bool stop;
	const char *bad;
	unsigned int reads;
};

/* A record is either of one time that it was on, or says that it is off. */
static void *read_all_the_time(void *data)
{
	static const struct memclass_faults none;
	static __thread struct memclass_record record;
	static __thread char text[65536];
	struct readers *readers = data;
	const int fd = records_open();
	uint64_t minor, major;
	pid_t pid = 1;

	while (!__atomic_load_n(&readers->stop, __ATOMIC_RELAXED) && !readers->bad) {
		if (pread(fd, &record, sizeof(record), records_at(pid) | MEMCLASS_OFFSET_CHEAP) !=
		    sizeof(record)) {
			pid = 1;
			if (text_read(FILE_PATH("version"), text, sizeof(text)) <= 0 ||
			    text_read(FILE_PATH("faults"), text, sizeof(text)) <= 0 ||
			    text_read(FILE_PATH("processes"), text, 4096) < 0)
				readers->bad = "a file cannot be read";
			continue;
		}
		pid = record.pid + 1;
		__atomic_add_fetch(&readers->reads, 1, __ATOMIC_RELAXED);
		if (fault_sums(&record))
			readers->bad = "the total is not the sum";
		if (!(record.flags & MEMCLASS_FAULTS_ON)) {
			if (memcmp(&none, &record.faults_total, sizeof(none)))
				readers->bad = "faults where it is off";
		} else if (stat_faults(record.pid, &minor, &major) &&
			   start_is(record.start_ns, proc_start_ticks(record.pid)) &&
			   (fault_minor(&record.faults_total) > minor ||
			    fault_major(&record.faults_total) > major)) {
			readers->bad = "more faults than there were";
		}
	}
	close(fd);
	return NULL;
}

TEST_F_TIMEOUT(load, switched_while_read, 100000)
{
	static const char *const values[] = { "off", "ftrace", "kprobe", "auto", "off", "auto" };
	struct rounds rounds = { .seconds = seconds(SWITCHING_SECONDS) };
	static struct readers readers;
	pthread_t threads[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, read_all_the_time, &readers));
	while (again(&rounds, UINT_MAX))
		ASSERT_TRUE(faults_set(values[rounds.number % ARRAY_SIZE(values)]));
	__atomic_store_n(&readers.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(NULL, readers.bad)
	{
		TH_LOG("%s", readers.bad);
	}
	EXPECT_NE(0U, readers.reads);
	TH_LOG("%u times, %u reads", rounds.number, readers.reads);
	ASSERT_TRUE(faults_set("auto"));
	EXPECT_RIGHT(faulter_check(FAULTER));
}

TEST_HARNESS_MAIN
