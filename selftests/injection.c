// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: when memory is refused, or a copy to the reader fails, whoever asked is told so;
 * nothing is lost or left half done, and the next one is served. Oracle: the kernel's own
 * fault injection, which lets each allocation and copy below the module's functions fail
 * in turn, and then all of them; the kernel's checks for leaks and wrong accesses.
 *
 * Prints the functions of the module in which something failed. INJECTION_SECONDS in the
 * environment is how long each of the tests may take; without it, some failures of the
 * long ones are passed over.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "fault_module.h"
#include "lib/settings.h"

#define DEBUG(name)	"/sys/kernel/debug/" name

/* What can fail. Memory also where the caller would wait for it. */
static const char *const kinds[] = {
	DEBUG("failslab"), DEBUG("fail_page_alloc"), DEBUG("fail_usercopy")
};

#define KMEMLEAK	DEBUG("kmemleak")

#define KEPT(kind) \
	kind "/require-start", kind "/require-end", kind "/verbose", kind "/task-filter"

static const char *const kept[] = {
	KEPT(DEBUG("failslab")),
	KEPT(DEBUG("fail_page_alloc")),
	KEPT(DEBUG("fail_usercopy")),
	DEBUG("failslab/ignore-gfp-wait"),
	DEBUG("fail_page_alloc/ignore-gfp-wait"),
	DEBUG("fail_page_alloc/min-order"),
	NULL,
};

static bool kinds_write(const char *name, const char *value)
{
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(path, sizeof(path), "%s/%s", kinds[i], name);
		if (!text_write(path, value))
			return false;
	}
	return true;
}

/* Only below functions at these addresses. */
static bool only_from(uint64_t start, uint64_t end)
{
	char text[32];

	snprintf(text, sizeof(text), "%#lx", start);
	if (!kinds_write("require-start", text))
		return false;
	snprintf(text, sizeof(text), "%#lx", end);
	return kinds_write("require-end", text);
}

/* Where modules are: before it is loaded, nobody knows where the module will be. */
#define MODULES_TEXT	0xffffffffa0000000UL
#define MODULES_END	0xffffffffff000000UL

static bool only_from_module(void)
{
	return only_from(MODULES_TEXT, MODULES_END);
}

/*
 * Not below this one: when it fails, sysfs_slab_add() of 6.12 loses the name of a cache,
 * which is the kernel's loss and nobody's who makes a cache.
 */
#define LOSES	" sysfs_slab_add\n"

static char loses_start[32], loses_end[32];

/* Once, before the tests, each of which is a process of its own. */
__attribute__((constructor)) static void find_what_loses(void)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[512];

	while (file && !*loses_end && fgets(line, sizeof(line), file)) {
		/* It ends where the next one begins. */
		if (*loses_start)
			snprintf(loses_end, sizeof(loses_end), "0x%.16s", line);
		else if (strstr(line, LOSES))
			snprintf(loses_start, sizeof(loses_start), "0x%.16s", line);
	}
	if (file)
		fclose(file);
}

static bool not_from_what_loses(void)
{
	return *loses_end && kinds_write("reject-start", loses_start) &&
	       kinds_write("reject-end", loses_end);
}

/* The running thread's. */
struct injection {
	int nth;			/* /proc/thread-self/fail-nth */
	int all;			/* .../make-it-fail */
	int log;
};

/* More than anything allocates. */
#define NEVER	1000000U

static bool number_write(int fd, unsigned int number)
{
	char text[16];
	const int length = snprintf(text, sizeof(text), "%u", number);

	return pwrite(fd, text, length, 0) == length;
}

static unsigned int number_read(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? strtoul(text, NULL, 10) : NEVER;
}

/*
 * The log of the kernel, which has a stack of each failure: the first function of the
 * module in it is the one that met it.
 */
static struct {
	char name[64];
	unsigned int times;
} sites[64];

static void site_add(const char *name, size_t length)
{
	size_t i;

	if (length >= sizeof(sites[0].name))
		length = sizeof(sites[0].name) - 1;
	for (i = 0; i < ARRAY_SIZE(sites) && sites[i].times; i++)
		if (!strncmp(sites[i].name, name, length) && !sites[i].name[length])
			break;
	if (i == ARRAY_SIZE(sites))
		return;
	memcpy(sites[i].name, name, length);
	sites[i].times++;
}

static void sites_collect(int log)
{
	bool wanted = false;
	char line[8192];
	ssize_t got;

	while ((got = read(log, line, sizeof(line) - 1)) > 0 || (got < 0 && errno == EPIPE)) {
		char *text, *end;

		line[got > 0 ? got : 0] = 0;
		text = strchr(line, ';') ?: line;
		if (strstr(text, "forcing a failure"))
			wanted = true;
		end = strstr(text, "+0x");
		if (!wanted || !end || strchr(text, '?') || !strstr(end, " [memclass]"))
			continue;
		text += strspn(text, "; ");
		site_add(text, end - text);
		wanted = false;
	}
}

/* What is done while failures are injected. */
struct act {
	const char *path;
	int fd;
	char *page;
};

FIXTURE(failing)
{
	struct settings settings;
	struct injection injection;
	struct act act;
};

FIXTURE_VARIANT(failing)
{
	const char *path;
	bool (*prepare)(struct act *act);
	int (*run)(struct act *act);		/* 0 or an error */
	void (*undo)(struct act *act);		/* after both */
	bool idle;				/* nothing of it can fail */
	bool must_fail;				/* when everything does */
};

static int open_run(struct act *act)
{
	act->fd = open(act->path, O_RDONLY | O_CLOEXEC);
	return act->fd < 0 ? errno : 0;
}

static void open_undo(struct act *act)
{
	if (act->fd >= 0)
		close(act->fd);
	act->fd = -1;
}

static bool read_prepare(struct act *act)
{
	return !open_run(act);
}

static int read_run(struct act *act)
{
	return read_to_end(act->fd);
}

#define FILE_VARIANTS(file, reading_must_fail) \
	FIXTURE_VARIANT_ADD(failing, open_##file) { \
		.path = FILE_PATH(#file), \
		.run = open_run, \
		.undo = open_undo, \
		.must_fail = true, \
	}; \
	FIXTURE_VARIANT_ADD(failing, read_##file) \
	{ \
		.path = FILE_PATH(#file), \
		.prepare = read_prepare, \
		.run = read_run, \
		.undo = open_undo, \
		.idle = !(reading_must_fail), \
		.must_fail = reading_must_fail, \
	}

FILE_VARIANTS(version, true);
FILE_VARIANTS(classes, false);
FILE_VARIANTS(processes, false);
FILE_VARIANTS(faults, false);
FILE_VARIANTS(objects, false);
FILE_VARIANTS(cgroups, false);
/* What copies to the reader by itself. */
FILE_VARIANTS(records, true);
FILE_VARIANTS(vmas, true);

/* Either it is there, or it is not. */
static bool load_prepare(struct act *act)
{
	return !module_is_loaded() || !module_unload();
}

static int load_run(struct act *act)
{
	return module_load("faults=off") ? errno : 0;
}

static void load_undo(struct act *act)
{
	if (module_is_loaded())
		module_unload();
}

FIXTURE_VARIANT_ADD(failing, load) {
	.prepare = load_prepare,
	.run = load_run,
	.undo = load_undo,
	.must_fail = true,
};

static bool switch_prepare(struct act *act)
{
	return faults_set("off");
}

static int switch_run(struct act *act)
{
	return faults_set(act->path) ? 0 : errno;
}

static void switch_undo(struct act *act)
{
	faults_set("off");
}

FIXTURE_VARIANT_ADD(failing, switch_ftrace) {
	.path = "ftrace",
	.prepare = switch_prepare,
	.run = switch_run,
	.undo = switch_undo,
};

FIXTURE_VARIANT_ADD(failing, switch_kprobe) {
	.path = "kprobe",
	.prepare = switch_prepare,
	.run = switch_run,
	.undo = switch_undo,
};

/*
 * Counters are made at a task's first fault; without them, it is still a fault. Who turns
 * counting on has a fault with that, so somebody else does, who copies no page of ours.
 */
static bool fault_prepare(struct act *act)
{
	int status;
	pid_t pid;

	if (!act->page)
		act->page = map_own_anon(PAGE);
	if (!act->page || !faults_set("off") || madvise(act->page, PAGE, MADV_DONTNEED))
		return false;
	pid = vfork();
	if (!pid)
		_exit(!faults_set("auto"));
	return waitpid(pid, &status, 0) == pid && !status;
}

static int fault_run(struct act *act)
{
	*(volatile char *)act->page = 1;
	return *(volatile char *)act->page == 1 ? 0 : EIO;
}

static void fault_undo(struct act *act)
{
}

FIXTURE_VARIANT_ADD(failing, fault) {
	.prepare = fault_prepare,
	.run = fault_run,
	.undo = fault_undo,
};

FIXTURE_SETUP(failing)
{
	size_t i;

	self->injection.nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	self->injection.all = open("/proc/thread-self/make-it-fail", O_RDWR | O_CLOEXEC);
	if (self->injection.nth < 0 || access(kinds[0], F_OK))
		SKIP(return, "this kernel cannot inject failures");
	settings_keep(&self->settings, kept);
	self->injection.log = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ASSERT_GE(self->injection.log, 0);
	lseek(self->injection.log, 0, SEEK_END);
	self->act = (struct act) { .path = variant->path, .fd = -1 };

	ASSERT_TRUE(module_is_loaded() || !module_load(""));
	ASSERT_TRUE(kinds_write("verbose", "2"));
	ASSERT_TRUE(only_from_module());
	ASSERT_TRUE(not_from_what_loses());
	for (i = 0; i < 2; i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/ignore-gfp-wait", kinds[i]);
		ASSERT_TRUE(text_write(path, "N"));
	}
	ASSERT_TRUE(text_write(DEBUG("fail_page_alloc/min-order"), "0"));
	/* The stacks that follow are no reports: selftests/vm/lib/report.sh. */
	ASSERT_LT(0, dprintf(self->injection.log, "memclass-check: failures are injected\n"));
}

FIXTURE_TEARDOWN(failing)
{
	size_t i;

	if (self->injection.nth < 0 || access(kinds[0], F_OK))
		return;
	number_write(self->injection.nth, 0);
	number_write(self->injection.all, 0);
	variant->undo(&self->act);
	sites_collect(self->injection.log);
	for (i = 0; i < ARRAY_SIZE(sites) && sites[i].times; i++)
		TH_LOG("failed in %s: %u", sites[i].name, sites[i].times);
	dprintf(self->injection.log, "memclass-check: no more failures are injected\n");
	settings_restore(&self->settings);
	kinds_write("reject-start", "0");
	kinds_write("reject-end", "0");
	/* Who looks for leaks has not given up for want of memory. */
	EXPECT_TRUE(access(KMEMLEAK, F_OK) || text_write(KMEMLEAK, "scan=0"));
	EXPECT_TRUE(module_is_loaded() || !module_load(""));
	/* And as it was. To set what is set takes as long as to change it. */
	EXPECT_TRUE(parameter_is("auto") || faults_set("auto"));
	EXPECT_TRUE(counting_is_on());
}

/* A refusal that the one who asked is told. */
static bool is_refusal(int error)
{
	return error == ENOMEM || error == EFAULT;
}

#define PREPARE() ASSERT_TRUE(!variant->prepare || variant->prepare(&self->act))
#define UNDO() variant->undo(&self->act)

static unsigned int seconds(void)
{
	const char *text = getenv("INJECTION_SECONDS");

	return text ? strtoul(text, NULL, 10) : 2;
}

/* Whoever opens what he can, as soon as there is something. */
static void *intrude(void *data)
{
	static const char *const files[] = { FILE_PATH("version"), FILE_PATH("classes") };
	bool *stop = data;
	char text[512];
	unsigned int i;
	int fd;

	for (i = 0; !__atomic_load_n(stop, __ATOMIC_RELAXED); i++) {
		fd = open(files[i % ARRAY_SIZE(files)], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (read(fd, text, sizeof(text)) < 0)
			i++;
		close(fd);
		/* Or the module could not go for as long as this thread has its turn. */
		usleep(1000);
	}
	return NULL;
}

TEST_F(failing, one_at_a_time)
{
	unsigned int n, total, step, failures = 0, refusals = 0;
	uint64_t began;
	int error;

	/* Once, so that what is needed only then is there. */
	PREPARE();
	ASSERT_EQ(0, variant->run(&self->act));
	UNDO();
	PREPARE();
	ASSERT_TRUE(number_write(self->injection.nth, NEVER));
	began = now_ns();
	error = variant->run(&self->act);
	total = NEVER - number_read(self->injection.nth);
	number_write(self->injection.nth, 0);
	UNDO();
	ASSERT_EQ(0, error);
	EXPECT_EQ(variant->idle, !total);

	step = 1 + total * (now_ns() - began) / (seconds() * SEC);
	/* Not the same ones each time. */
	for (n = 1 + now_ns() / 1000 % step; n <= total; n += step) {
		PREPARE();
		ASSERT_TRUE(number_write(self->injection.nth, n));
		error = variant->run(&self->act);
		failures += !number_read(self->injection.nth);
		number_write(self->injection.nth, 0);
		EXPECT_TRUE(!error || is_refusal(error))
		{
			TH_LOG("failure %u: %s", n, strerror(error));
		}
		refusals += !!error;
		UNDO();
		sites_collect(self->injection.log);
	}
	TH_LOG("%u can fail, each %u. was tried; %u failed, and %u times it was refused", total,
	       step, failures, refusals);
	/* In none of them is it refused for good. */
	PREPARE();
	EXPECT_EQ(0, variant->run(&self->act));
}

TEST_F(failing, all_of_them)
{
	int error;

	PREPARE();
	ASSERT_TRUE(kinds_write("task-filter", "Y"));
	ASSERT_TRUE(kinds_write("times", "-1"));
	ASSERT_TRUE(kinds_write("probability", "100"));
	ASSERT_TRUE(number_write(self->injection.all, 1));
	error = variant->run(&self->act);
	number_write(self->injection.all, 0);
	ASSERT_TRUE(kinds_write("probability", "0"));
	UNDO();
	EXPECT_TRUE(!error || is_refusal(error))
	{
		TH_LOG("%s", strerror(error));
	}
	EXPECT_TRUE(error || !variant->must_fail);
	PREPARE();
	EXPECT_EQ(0, variant->run(&self->act));
}

/* A module that cannot be loaded goes at once, whoever has opened what it had by then. */
TEST(opened_while_it_cannot_be_loaded)
{
	struct rounds rounds = { .seconds = seconds() };
	const int nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	unsigned int n = 0, total, refused = 0;
	struct settings settings;
	pthread_t intruder;
	bool stop = false;
	int log;

	if (nth < 0 || access(kinds[0], F_OK))
		SKIP(return, "this kernel cannot inject failures");
	settings_keep(&settings, kept);
	log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	ASSERT_LT(0, dprintf(log, "memclass-check: failures are injected\n"));
	ASSERT_TRUE(text_write(DEBUG("failslab/ignore-gfp-wait"), "N"));
	ASSERT_TRUE(kinds_write("verbose", "0"));
	ASSERT_TRUE(only_from_module());
	ASSERT_TRUE(!module_is_loaded() || !module_unload());
	ASSERT_TRUE(number_write(nth, NEVER));
	ASSERT_EQ(0, module_load("faults=off"));
	total = NEVER - number_read(nth);
	number_write(nth, 0);
	ASSERT_NE(0U, total);

	ASSERT_EQ(0, pthread_create(&intruder, NULL, intrude, &stop));
	/* From the last one on, when most files are there; each once if need be. */
	while (again(&rounds, 1000) || (!refused && n < total)) {
		while (module_is_loaded() && module_unload())
			sched_yield();
		ASSERT_TRUE(number_write(nth, total - n++ % total));
		refused += !!module_load("faults=off");
		number_write(nth, 0);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(intruder, NULL);
	TH_LOG("%u times, %u of them refused", rounds.number, refused);
	EXPECT_NE(0U, refused);
	dprintf(log, "memclass-check: no more failures are injected\n");
	settings_restore(&settings);
	EXPECT_TRUE(module_reload(""));
}

TEST_HARNESS_MAIN
