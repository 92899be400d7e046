// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: "memclass export" writes well-formed metrics, of a number that does not grow with
 * the machine, that say what is there; what goes wrong leaves out a part, says so, and
 * leaves the last good file as it was.
 * Oracle: a parser of the format that is written here from its description; what the test
 * itself takes; /proc/meminfo.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/module.h"
#include "lib/patience.h"

#include "client/exposition.h"
#include "client/run.h"
#include "lib/child.h"
#include "lib/kernel.h"
#include "lib/settings.h"

#define DIRECTORY	"/tmp/memclass-export"
#define TEXTFILE	DIRECTORY "/memclass.prom"
#define HISTORY		DIRECTORY "/history"
#define CGROUPS		"/sys/fs/cgroup"

FIXTURE(export)
{
	struct run run;
	struct exposition found;
};

/* Also of a test that failed in the middle. */
static void remove_directory(void)
{
	struct run run;

	run_shell(&run, "rm -rf " DIRECTORY);
	run_free(&run);
}

FIXTURE_SETUP(export)
{
	if (!module_is_there() || geteuid())
		SKIP(return, "needs root and the module");
	remove_directory();
	ASSERT_EQ(0, mkdir(DIRECTORY, 0755));
}

FIXTURE_TEARDOWN(export)
{
	exposition_free(&self->found);
	run_free(&self->run);
	remove_directory();
}

static const char *wrong;

static const char *parse(struct exposition *found, const char *out)
{
	wrong = *out ? exposition_parse(found, out) : exposition_read(found, TEXTFILE);
	return wrong;
}

/* Runs the export, and parses what it wrote to the file, or to standard output. */
#define EXPORT(expected, ...) \
	do { \
		run_free(&self->run); \
		exposition_free(&self->found); \
		run(&self->run, "export", ##__VA_ARGS__, NULL); \
		EXPECT_EQ(expected, self->run.status) \
		TH_LOG("%s", self->run.err); \
		ASSERT_EQ(NULL, parse(&self->found, self->run.out)) \
		TH_LOG("%s", wrong); \
	} while (0)

#define VALUE(series)	exposition_value(&self->found, series)

TEST_F(export, adds_up)
{
	EXPORT(0);
	EXPECT_EQ(1, VALUE("memclass_module_up"));
	EXPECT_EQ(meminfo("MemTotal"), VALUE("memclass_memory_total_bytes"));
	EXPECT_EQ(meminfo("MemTotal"), exposition_sum(&self->found, "memclass_memory_bytes") +
					       VALUE("memclass_memory_residue_bytes"));
	EXPECT_EQ(self->found.count, VALUE("memclass_export_series"));
	EXPECT_LT(100U, self->found.count);
	EXPECT_EQ(0, exposition_sum(&self->found, "memclass_export_part_missing"));
	EXPECT_LE(1, VALUE("memclass_processes"));
	EXPECT_LE(VALUE("memclass_processes"), VALUE("memclass_threads"));
	EXPECT_LT(0, VALUE("memclass_export_walk_seconds"));
	/* Nobody asked for a file. */
	EXPECT_NE(0, access("/run/memclass/export.history", F_OK));
}

/*
 * What a process has and does is found where it is.
 */

/* The kernel allows no newline in it; the name of a process can have one. */
#define GROUP		CGROUPS "/memclass \"export\" a\\b\xff"
#define GROUP_LABEL	"/memclass \\\"export\\\" a\\\\b\\\\377"
#define LENGTH		(8 * MIB)

static void take_memory(const struct child *parent, void *data)
{
	char *map;
	int fd;

	if (!setting_write(GROUP "/cgroup.procs", "0"))
		_exit(1);
	map = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(map, LENGTH, MADV_NOHUGEPAGE);
	memset(map, 1, LENGTH);
	/* Nobody maps this. */
	fd = memfd_create("export", MFD_CLOEXEC);
	if (posix_fallocate(fd, 0, LENGTH))
		_exit(1);
	(void)parent;
	(void)data;
}

static void remove_cgroup(const char *path)
{
	struct rounds rounds = { .seconds = 20 };

	while (!access(path, F_OK) && rmdir(path) && again(&rounds, 100000))
		usleep(1000);
}

TEST_F(export, what_there_is)
{
	static const char *const pss = "memclass_cgroup_pss_bytes{cgroup=\"" GROUP_LABEL
				       "\",type=\"private-anon\"}";
	static const char *const faults =
		"memclass_page_faults_total{class=\"anon\",type=\"private-anon\",severity=\"minor\"}";
	double faults_before, anon_before, unmapped_before;
	struct child child;

	EXPORT(0);
	faults_before = VALUE(faults);
	anon_before = VALUE("memclass_class_pss_bytes{class=\"anon\",type=\"private-anon\"}");
	unmapped_before = VALUE("memclass_object_unmapped_bytes{kind=\"memfd\"}");
	EXPECT_TRUE(isnan(VALUE(pss)));
	ASSERT_EQ(0, mkdir(GROUP, 0755));
	child = child_start(take_memory, NULL);
	EXPECT_LT(0, child.pid);
	EXPORT(0);
	EXPECT_LE(LENGTH, VALUE(pss));
	EXPECT_GT(LENGTH + MIB, VALUE(pss));
	EXPECT_EQ(1, VALUE("memclass_cgroup_processes{cgroup=\"" GROUP_LABEL "\"}"));
	EXPECT_LE(anon_before + LENGTH - MIB,
		  VALUE("memclass_class_pss_bytes{class=\"anon\",type=\"private-anon\"}"));
	EXPECT_EQ(unmapped_before + LENGTH, VALUE("memclass_object_unmapped_bytes{kind=\"memfd\"}"));
	if (VALUE("memclass_page_faults_counted"))
		EXPECT_LE(faults_before + LENGTH / 4096, VALUE(faults));
	child_end(&child);
	remove_cgroup(GROUP);
}

/*
 * However many there are.
 */

#define MANY	150

static void many_path(char *path, size_t size, unsigned int i)
{
	snprintf(path, size, CGROUPS "/memclass-many-%u", i);
}

static void be_many(const struct child *parent, void *data)
{
	char path[128];
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		if (fork())
			continue;
		die_with_parent();
		many_path(path, sizeof(path), i);
		mkdir(path, 0755);
		strcat(path, "/cgroup.procs");
		if (!setting_write(path, "0"))
			_exit(1);
		child_tell(parent);
		pause();
	}
	(void)data;
}

TEST_F(export, many_processes_and_cgroups)
{
	struct child child = child_start(be_many, NULL);
	double named, processes;
	char path[128];
	unsigned int i;

	ASSERT_LT(0, child.pid);
	for (i = 0; i < MANY; i++)
		EXPECT_TRUE(child_wait(&child));
	EXPORT(0, "--textfile", TEXTFILE, "--history", HISTORY);
	EXPECT_GT(400U, self->found.count);
	EXPECT_LE(MANY, VALUE("memclass_cgroups"));
	EXPECT_EQ(16, exposition_count(&self->found, "memclass_cgroup_processes"));
	EXPECT_EQ(VALUE("memclass_cgroups") - 16, VALUE("memclass_cgroups_left_out"));
	EXPECT_EQ(64, VALUE("memclass_export_watched_processes"));
	EXPECT_LE(MANY, VALUE("memclass_processes"));

	/* All of them have as much as all processes. */
	EXPORT(0, "--cgroups", "1000");
	named = exposition_count(&self->found, "memclass_cgroup_processes");
	EXPECT_EQ(named, VALUE("memclass_cgroups"));
	EXPECT_EQ(0, VALUE("memclass_cgroups_left_out"));
	processes = exposition_sum(&self->found, "memclass_cgroup_processes");
	EXPECT_EQ(processes, VALUE("memclass_processes"));
	EXPECT_EQ(exposition_sum(&self->found, "memclass_class_pss_bytes"),
		  exposition_sum(&self->found, "memclass_cgroup_pss_bytes"));
	child_end(&child);
	for (i = 0; i < MANY; i++) {
		many_path(path, sizeof(path), i);
		remove_cgroup(path);
	}
}

/*
 * Growth, over several runs.
 */

#define SAMPLES		12
#define NAME		"a\"b\\c\nd\xc3\xa9"
#define LEAK		"{name=\"a\\\"b\\\\c\\nd\xc3\xa9\",class=\"heap\",verdict=\"heap-growth\""

static void leak_when_told(const struct child *parent, void *data)
{
	prctl(PR_SET_NAME, NAME);
	child_tell(parent);
	while (child_wait(parent)) {
		memset(sbrk(MIB), 1, MIB);
		child_tell(parent);
	}
	(void)data;
}

static void sleep_until(uint64_t ns)
{
	const struct timespec until = { .tv_sec = ns / SEC, .tv_nsec = ns % SEC };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* One sample of each MiB, as by a timer. Return: whether each was in time. */
static bool watch_leak(struct __test_metadata *_metadata, FIXTURE_DATA(export) * self,
		       const struct child *child, uint64_t apart)
{
	uint64_t due = now_ns();
	bool in_time = true;
	unsigned int i;

	unlink(HISTORY);
	for (i = 1; i <= SAMPLES; i++, due += apart) {
		sleep_until(due);
		in_time &= now_ns() < due + apart / 4;
		ASSERT_TRUE(child_step(child));
		EXPORT(0, "--textfile", TEXTFILE, "--history", HISTORY);
		EXPECT_EQ(i, VALUE("memclass_export_samples"));
		/* Too few for a verdict. */
		if (i < 8)
			EXPECT_EQ(0, VALUE("memclass_leaks_suspected"));
		in_time &= now_ns() < due + apart / 2;
	}
	return in_time;
}

/* A host that is busy lets the guest stand still at times, which is no steady growth. */
TEST_F(export, leak)
{
	struct child child = child_start(leak_when_told, NULL);
	struct rounds rounds = { .seconds = 40 };
	uint64_t apart, began;
	unsigned int i;
	double rate;

	ASSERT_LT(0, child.pid);
	do {
		for (apart = SEC, i = 0; i < 3; i++) {
			began = now_ns();
			EXPORT(0, "--textfile", TEXTFILE);
			if (4 * (now_ns() - began) < apart)
				apart = 4 * (now_ns() - began);
		}
	} while (!watch_leak(_metadata, self, &child, apart) && again(&rounds, 20));
	rate = MIB / (apart / (double)SEC);
	child_end(&child);
	EXPECT_LT(0.5, VALUE("memclass_leak_confidence" LEAK "}"));
	EXPECT_LT(rate / 2, VALUE("memclass_leak_growth_per_second" LEAK ",unit=\"bytes\"}"));
	EXPECT_GT(rate * 2, VALUE("memclass_leak_growth_per_second" LEAK ",unit=\"bytes\"}"));
	EXPECT_EQ(1, exposition_count(&self->found, "memclass_leak_time_left_seconds"));

	/* Without a history nothing can be said. */
	EXPORT(0);
	EXPECT_EQ(1, VALUE("memclass_export_samples"));
	EXPECT_EQ(0, VALUE("memclass_leaks_suspected"));
}

static void write_file(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		exit(1);
	close(fd);
}

/* Whatever stands there, it goes on; what is of no use is replaced. */
TEST_F(export, damaged_history)
{
	static char data[1 << 20];
	ssize_t size, cut;
	unsigned int i;
	int fd;

	for (i = 0; i < 2; i++)
		EXPORT(0, "--textfile", TEXTFILE, "--history", HISTORY);
	EXPECT_EQ(2, VALUE("memclass_export_samples"));
	fd = open(HISTORY, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	size = read(fd, data, sizeof(data));
	close(fd);
	ASSERT_LT(0, size);
	ASSERT_GT((ssize_t)sizeof(data), size);

	for (i = 0; i < 8; i++) {
		cut = i < 4 ? size * i / 4 : size;
		if (i >= 4)
			data[size * (i - 4) / 4 + 200] ^= 0x10;
		write_file(HISTORY, data, cut);
		if (i >= 4)
			data[size * (i - 4) / 4 + 200] ^= 0x10;
		EXPORT(1, "--textfile", TEXTFILE, "--history", HISTORY);
		EXPECT_NE(NULL, strstr(self->run.err, "beginning anew"))
		TH_LOG("%u: %s", i, self->run.err);
		EXPECT_EQ(1, VALUE("memclass_export_part_missing{part=\"history\"}"));
		EXPECT_EQ(1, VALUE("memclass_export_samples"));
		EXPORT(0, "--textfile", TEXTFILE, "--history", HISTORY);
		EXPECT_EQ(2, VALUE("memclass_export_samples"));
	}
	/* Of another version or boot: no mistake, but of no use. */
	data[24] ^= 1;
	write_file(HISTORY, data, size);
	EXPORT(0, "--textfile", TEXTFILE, "--history", HISTORY);
	EXPECT_EQ(1, VALUE("memclass_export_samples"));
	EXPECT_STREQ("", self->run.err);

	unlink(HISTORY);
	ASSERT_EQ(0, mkdir(HISTORY, 0700));
	EXPORT(1, "--textfile", TEXTFILE, "--history", HISTORY);
	EXPECT_EQ(1, VALUE("memclass_export_part_missing{part=\"history\"}"));
	EXPECT_EQ(0, VALUE("memclass_export_part_missing{part=\"processes\"}"));
}

/*
 * The file.
 */

static mode_t mode_of(const char *path)
{
	struct stat stat_of;

	return stat(path, &stat_of) ? 0 : stat_of.st_mode & 07777;
}

static void strict_umask(void)
{
	umask(077);
}

/* Return: how many files there are beside the export and the history. */
static unsigned int others_in_directory(void)
{
	struct run run;
	unsigned int others;

	run_shell(&run, "ls -A " DIRECTORY " | grep -vx -e memclass.prom -e history | wc -l");
	others = atoi(run.out);
	run_free(&run);
	return others;
}

/* Whoever reads meanwhile sees all of one export; who is killed leaves no half of one. */
TEST_F_TIMEOUT(export, whole, 150)
{
	struct rounds rounds = { .seconds = 6 };
	unsigned int left = 0, i;

	run_after(&self->run, strict_umask, "export", "--textfile", TEXTFILE, "--history", HISTORY,
		  NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_EQ(0644U, mode_of(TEXTFILE));
	EXPECT_EQ(0600U, mode_of(HISTORY));
	for (i = 0; again(&rounds, 60); i++) {
		run_free(&self->run);
		run_start(&self->run, "export", "--textfile", TEXTFILE, "--history", HISTORY, NULL);
		usleep(2500 * (i % 40));
		exposition_free(&self->found);
		ASSERT_EQ(NULL, parse(&self->found, ""))
		TH_LOG("%s", wrong);
		EXPECT_LT(100U, self->found.count);
		kill(self->run.pid, SIGKILL);
		run_finish(&self->run);
		left += others_in_directory();
	}
	exposition_free(&self->found);
	ASSERT_EQ(NULL, parse(&self->found, ""));
	/* Some were killed while they wrote, or this says nothing. */
	EXPECT_LT(0U, left);
	EXPORT(0, "--textfile", TEXTFILE, "--history", HISTORY);
	EXPECT_EQ(0U, others_in_directory());
}

TEST_F(export, no_directory)
{
	run(&self->run, "export", "--textfile", "/nonexistent/memclass.prom", NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_STREQ("", self->run.out);
	EXPECT_NE(NULL, strstr(self->run.err, "cannot make /nonexistent/memclass.prom: No such file"))
	TH_LOG("%s", self->run.err);
}

TEST_F(export, full_disk)
{
	char *before, junk[4096] = { 0 };
	int fd;

	ASSERT_EQ(0, mount("full", DIRECTORY, "tmpfs", 0, "size=128k"));
	EXPORT(0, "--textfile", TEXTFILE);
	before = exposition_text(TEXTFILE);
	fd = open(DIRECTORY "/junk", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, junk, sizeof(junk)) > 0)
		;
	close(fd);
	run_free(&self->run);
	run(&self->run, "export", "--textfile", TEXTFILE, NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.err, "No space left on device"))
	TH_LOG("%s", self->run.err);
	EXPECT_STREQ(before, exposition_text(TEXTFILE));
	EXPECT_EQ(1U, others_in_directory());
	free(before);
	EXPECT_EQ(0, umount2(DIRECTORY, MNT_DETACH));
}

/* The history does not fit, and the export does. */
TEST_F(export, full_disk_of_history)
{
	static const char small[] = DIRECTORY "/small";

	ASSERT_EQ(0, mkdir(small, 0700));
	ASSERT_EQ(0, mount("full", small, "tmpfs", 0, "size=4k"));
	EXPORT(1, "--textfile", TEXTFILE, "--history", DIRECTORY "/small/history");
	EXPECT_NE(NULL, strstr(self->run.err, "No space left on device"));
	EXPECT_EQ(1, VALUE("memclass_export_part_missing{part=\"history\"}"));
	EXPECT_LT(100U, self->found.count);
	EXPECT_EQ(0, umount2(small, MNT_DETACH));
	EXPECT_EQ(0, rmdir(small));
}

TEST_F(export, wrong_use)
{
	static const struct {
		const char *arguments[2];
		const char *error;
	} uses[] = {
		{ { "--cgroups", "-1" }, "wants a number of them, not '-1'" },
		{ { "--cgroups", "" }, "not ''" },
		{ { "--cgroups", "99999999999999999999" }, "wants a number" },
		{ { "--source", "/tmp/x.mc" }, "an export is of now" },
		{ { "x" }, "does not take 'x'" },
		{ { "--textfile" }, "wants a value" },
		{ { "--json" }, "wrong option --json" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(uses); i++) {
		run_free(&self->run);
		run(&self->run, "export", uses[i].arguments[0], uses[i].arguments[1], NULL);
		EXPECT_EQ(2, self->run.status);
		EXPECT_STREQ("", self->run.out);
		EXPECT_NE(NULL, strstr(self->run.err, uses[i].error))
		TH_LOG("%s", self->run.err);
	}
}

/*
 * Without the module.
 */

/* What the kernel counts by itself is there, and nothing that would be wrong. */
static void expect_kernel_alone(struct __test_metadata *_metadata,
				const struct exposition *found)
{
	EXPECT_EQ(0, exposition_value(found, "memclass_module_up"));
	EXPECT_EQ(1, exposition_value(found, "memclass_export_part_missing{part=\"module\"}"));
	EXPECT_EQ(1, exposition_value(found, "memclass_export_part_missing{part=\"processes\"}"));
	EXPECT_EQ(0, exposition_value(found, "memclass_export_part_missing{part=\"kernel\"}"));
	EXPECT_EQ(meminfo("MemTotal"), exposition_value(found, "memclass_memory_total_bytes"));
	EXPECT_LT(0, exposition_value(
			     found, "memclass_memory_bytes{area=\"free\",line=\"free.pages\"}"));
	EXPECT_TRUE(isnan(exposition_value(found, "memclass_memory_residue_bytes")));
	EXPECT_TRUE(isnan(exposition_value(found, "memclass_processes")));
	EXPECT_EQ(0, exposition_count(found, "memclass_class_pss_bytes"));
	EXPECT_EQ(0, exposition_count(found, "memclass_leaks_suspected"));
}

TEST_F(export, not_root)
{
	run_after(&self->run, become_nobody, "export", NULL);
	EXPECT_EQ(5, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.err, "not permitted: this needs root"));
	ASSERT_EQ(NULL, parse(&self->found, self->run.out));
	expect_kernel_alone(_metadata, &self->found);
	run_free(&self->run);

	run_after(&self->run, become_nobody, "export", "--textfile", TEXTFILE, NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.err, "Permission denied"));
}

/* It was there, is not, and comes back: what was seen of growth stays. */
TEST_F(export, unloaded_between)
{
	if (access(MODULE_KO, R_OK))
		SKIP(return, "there is no %s to load again", MODULE_KO);
	EXPORT(0, "--textfile", TEXTFILE, "--history", HISTORY);
	ASSERT_EQ(0, module_remove("memclass"));
	EXPORT(4, "--textfile", TEXTFILE, "--history", HISTORY);
	EXPECT_EQ(0, module_insert(MODULE_KO, ""));
	EXPECT_NE(NULL, strstr(self->run.err, "module is not loaded"));
	expect_kernel_alone(_metadata, &self->found);
	EXPORT(0, "--textfile", TEXTFILE, "--history", HISTORY);
	EXPECT_EQ(1, VALUE("memclass_module_up"));
	EXPECT_EQ(2, VALUE("memclass_export_samples"));
}

/* /proc costs more and says less, and is read only when somebody wants that. */
TEST_F(export, from_proc)
{
	EXPORT(0, "--source=proc");
	EXPECT_LE(1, VALUE("memclass_processes"));
	EXPECT_EQ(1, VALUE("memclass_export_part_missing{part=\"ledger\"}"));
	EXPECT_EQ(1, VALUE("memclass_export_part_missing{part=\"objects\"}"));
	EXPECT_LT(0, exposition_sum(&self->found, "memclass_class_resident_bytes"));
}

TEST_HARNESS_MAIN
