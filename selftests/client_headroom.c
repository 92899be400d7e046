// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: what "memclass show" says is left to a limit can be had, and one page more cannot;
 * of cgroups the one counts that is nearest, however far up it is.
 * Oracle: a child that tries; /proc/PID/status, the files of cgroups, and files that stand
 * in for those of v1.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "client/ledger.h"
#include "client/synthetic.h"
#include "lib/child.h"
#include "lib/kernel.h"
#include "lib/patience.h"
#include "lib/settings.h"

#define PAGE		4096UL
#define NOBODY		65534

static const struct kind {
	const char *name;
	int resource;
	rlim_t max;
	const char *in_status;
} kinds[] = {
	{ "RLIMIT_AS", RLIMIT_AS, 1024 * MIB, "VmSize:" },
	{ "RLIMIT_DATA", RLIMIT_DATA, 256 * MIB, "VmData:" },
	{ "RLIMIT_STACK", RLIMIT_STACK, 16 * MIB, "VmStk:" },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK, 2 * MIB, "VmLck:" },
};

/* What the child is to try, and whether it could. */
struct attempt {
	unsigned int kind;
	size_t length;
	bool had;
};

static bool try(const struct attempt *attempt)
{
	const bool address_space = kinds[attempt->kind].resource == RLIMIT_AS;
	const bool lock = kinds[attempt->kind].resource == RLIMIT_MEMLOCK;
	char *map = mmap(NULL, attempt->length, address_space ? PROT_NONE : PROT_READ | PROT_WRITE,
			 (lock ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	bool had = map != MAP_FAILED;

	if (had && lock)
		had = !mlock(map, attempt->length);
	if (map != MAP_FAILED)
		munmap(map, attempt->length);
	return had;
}

/* Nobody in particular: root may lock as much as it likes. */
static void limited(const struct child *parent, void *data)
{
	struct attempt *attempt = data;
	char *locked;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct rlimit limit = { kinds[i].max, kinds[i].max };

		if (setrlimit(kinds[i].resource, &limit))
			_exit(1);
	}
	locked = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (locked == MAP_FAILED || setresuid(NOBODY, NOBODY, NOBODY) || mlock(locked, 16 * PAGE))
		_exit(1);
	die_with_parent();
	child_tell(parent);
	while (child_wait(parent)) {
		attempt->had = try(attempt);
		child_tell(parent);
	}
}

FIXTURE(headroom)
{
	struct attempt *attempt;
	struct child child;
	char pid[16];
	struct run run;
};

FIXTURE_SETUP(headroom)
{
	if (!module_is_there())
		SKIP(return, "needs the module");
	self->attempt = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->attempt);
	self->child = child_start(limited, self->attempt);
	ASSERT_NE(-1, self->child.pid);
	snprintf(self->pid, sizeof(self->pid), "%d", self->child.pid);
}

FIXTURE_TEARDOWN(headroom)
{
	child_end(&self->child);
	run_free(&self->run);
}

static const struct json *limit_of(const struct run *run, const char *name)
{
	return json_find(json_member(run->json, "headroom"), "limit", name);
}

static bool show(struct run *run_of, const char *pid)
{
	run_free(run_of);
	run(run_of, "show", "--json", pid, NULL);
	return !run_of->status && run_json(run_of);
}

static uint64_t status_bytes(pid_t pid, const char *name)
{
	char path[40], line[128], found[32];
	uint64_t value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%31s %" SCNu64, found, &value) == 2 && !strcmp(found, name))
			break;
	if (file)
		fclose(file);
	return value * 1024;
}

static bool can_have(const FIXTURE_DATA(headroom) * self, unsigned int kind, size_t length)
{
	self->attempt->kind = kind;
	self->attempt->length = length;
	return child_step(&self->child) && self->attempt->had;
}

TEST_F(headroom, rlimits)
{
	size_t i;

	ASSERT_TRUE(show(&self->run, self->pid));
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct json *limit = limit_of(&self->run, kinds[i].name);
		const uint64_t used = status_bytes(self->child.pid, kinds[i].in_status);

		ASSERT_NE(NULL, limit);
		EXPECT_NE(0U, used);
		EXPECT_EQ(used, json_number(limit, "used"));
		EXPECT_EQ(kinds[i].max, json_number(limit, "max"));
		EXPECT_EQ(kinds[i].max - used, json_number(limit, "left"));
		EXPECT_EQ(JSON_NULL, json_type(limit, "cgroup"));
		/* A stack grows by itself, up to what else there is. */
		if (kinds[i].resource == RLIMIT_STACK)
			continue;
		EXPECT_TRUE(can_have(self, i, kinds[i].max - used))
		TH_LOG("%s", kinds[i].name);
		EXPECT_FALSE(can_have(self, i, kinds[i].max - used + PAGE))
		TH_LOG("%s", kinds[i].name);
	}
}

TEST_F(headroom, others)
{
	const uint64_t available = meminfo("MemAvailable") + meminfo("SwapFree");
	const struct json *limit, *before = NULL;

	ASSERT_TRUE(show(&self->run, self->pid));
	limit = limit_of(&self->run, "vm.max_map_count");
	EXPECT_EQ(setting_number("/proc/sys/vm/max_map_count"), json_number(limit, "max"));
	EXPECT_EQ(json_number(json_member(self->run.json, "total"), "vmas"),
		  json_number(limit, "used"));
	limit = limit_of(&self->run, "ram+swap");
	EXPECT_EQ(meminfo("MemTotal") + meminfo("SwapTotal"), json_number(limit, "max"));
	EXPECT_GE(32 * (int64_t)MIB, llabs((int64_t)(json_number(limit, "left") - available)));
	EXPECT_EQ(JSON_NUMBER, json_type(self->run.json, "oom_score"));
	limit = limit_of(&self->run, "kernel.threads-max");
	EXPECT_EQ(setting_number("/proc/sys/kernel/threads-max"), json_number(limit, "max"));
	EXPECT_LT(2U, json_number(limit, "used"));
	limit = limit_of(&self->run, "address space");
	EXPECT_EQ(1ULL << 47, json_number(limit, "max"));
	EXPECT_EQ(status_bytes(self->child.pid, "VmSize:"), json_number(limit, "used"));

	/* Those of which the largest part is used come first. */
	limit = json_member(self->run.json, "headroom")->first;
	for (; limit; before = limit, limit = limit->next)
		if (before)
			EXPECT_GE((long double)json_number(before, "used") / json_number(before, "max"),
				  (long double)json_number(limit, "used") / json_number(limit, "max"));
}

TEST_F(headroom, oom_score)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", self->child.pid);
	ASSERT_TRUE(setting_write(path, "-500"));
	ASSERT_TRUE(show(&self->run, self->pid));
	EXPECT_EQ(-500, json_signed(self->run.json, "oom_score_adj"));
	snprintf(path, sizeof(path), "/proc/%d/oom_score", self->child.pid);
	EXPECT_GE(2, llabs((int64_t)setting_number(path) - json_signed(self->run.json, "oom_score")));
}

TEST_F(headroom, text)
{
	run(&self->run, "show", self->pid, NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.out, "\nheadroom, nearest limits first; OOM score "));
	EXPECT_NE(NULL, strstr(self->run.out, "\n  RLIMIT_STACK       132K of 16M used, 15.9M left\n"))
	TH_LOG("%s", self->run.out);
	run_free(&self->run);
	run(&self->run, "show", "-b", self->pid, NULL);
	EXPECT_NE(NULL, strstr(self->run.out, " of 16777216 used, "));
	run_free(&self->run);
	/* For scripts there are rows alone. */
	run(&self->run, "show", "-r", self->pid, NULL);
	EXPECT_EQ(NULL, strstr(self->run.out, "headroom"));
	run_free(&self->run);
	run(&self->run, "show", "-n", self->pid, NULL);
	EXPECT_EQ(NULL, strstr(self->run.out, "headroom"));
}

/* A record of a process that is not there, or has become another: nothing is known. */
TEST_F(headroom, other_process)
{
	struct synthetic synthetic;

	synthetic_make(&synthetic, &layout_own);
	synthetic_add_record(&synthetic, self->child.pid, self->child.pid);
	run(&self->run, "show", "--json", "--debugfs", synthetic.dir, self->pid, NULL);
	EXPECT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_EQ(JSON_ARRAY, json_type(self->run.json, "headroom"));
	EXPECT_EQ(0U, json_length(json_member(self->run.json, "headroom")));
	EXPECT_EQ(JSON_NULL, json_type(self->run.json, "oom_score"));
	run_free(&self->run);
	run(&self->run, "show", "--debugfs", synthetic.dir, self->pid, NULL);
	EXPECT_EQ(NULL, strstr(self->run.out, "headroom"));
	synthetic_remove(&synthetic);
}

/*
 * Cgroups: one in another, with the child in the inner one.
 */

#define CGROUP		"/sys/fs/cgroup"
#define OUTER		"/memclass-headroom"
#define INNER		OUTER "/inner"

static bool has_memory_cgroups(void)
{
	setting_write(CGROUP "/cgroup.subtree_control", "+memory +pids");
	return !mkdir(CGROUP OUTER, 0755) &&
	       setting_write(CGROUP OUTER "/cgroup.subtree_control", "+memory") &&
	       !mkdir(CGROUP INNER, 0755) && !access(CGROUP INNER "/memory.max", F_OK) &&
	       !access(CGROUP OUTER "/pids.max", F_OK);
}

/* What was in it has to be gone. */
static void remove_cgroups(void)
{
	unsigned int i;

	for (i = 0; i < 1000 && rmdir(CGROUP INNER) && errno == EBUSY; i++)
		usleep(10000);
	rmdir(CGROUP OUTER);
}

static void expect_limit(struct __test_metadata *_metadata, const struct run *run,
			 const char *name, const char *cgroup, uint64_t max)
{
	const struct json *limit = limit_of(run, name);

	ASSERT_NE(NULL, limit)
	TH_LOG("%s", name);
	EXPECT_EQ(max, json_number(limit, "max"));
	EXPECT_STREQ(cgroup, json_string(limit, "cgroup"));
	EXPECT_EQ(max - json_number(limit, "used"), json_number(limit, "left"));
}

TEST_F(headroom, cgroups)
{
	uint64_t current, used;

	if (!has_memory_cgroups()) {
		remove_cgroups();
		SKIP(return, "needs memory cgroups of v2 in " CGROUP);
	}
	ASSERT_TRUE(setting_write(CGROUP INNER "/cgroup.procs", self->pid));
	ASSERT_TRUE(setting_write_number(CGROUP OUTER "/memory.max", 64 * MIB));
	ASSERT_TRUE(setting_write_number(CGROUP INNER "/memory.max", 128 * MIB));
	ASSERT_TRUE(setting_write_number(CGROUP INNER "/memory.high", 32 * MIB));
	ASSERT_TRUE(setting_write_number(CGROUP OUTER "/pids.max", 10));
	ASSERT_TRUE(show(&self->run, self->pid));
	expect_limit(_metadata, &self->run, "memory.max", OUTER, 64 * MIB);
	expect_limit(_metadata, &self->run, "memory.high", INNER, 32 * MIB);
	current = setting_number(CGROUP INNER "/memory.current");
	used = json_number(limit_of(&self->run, "memory.high"), "used");
	EXPECT_GE((int64_t)MIB, llabs((int64_t)(used - current)));
	EXPECT_EQ(NULL, limit_of(&self->run, "memory.swap.max"));
	expect_limit(_metadata, &self->run, "pids.max", OUTER, 10);
	EXPECT_EQ(9U, json_number(limit_of(&self->run, "pids.max"), "left"));

	ASSERT_TRUE(setting_write_number(CGROUP INNER "/memory.max", 16 * MIB));
	ASSERT_TRUE(show(&self->run, self->pid));
	expect_limit(_metadata, &self->run, "memory.max", INNER, 16 * MIB);
	run_free(&self->run);
	run(&self->run, "show", self->pid, NULL);
	EXPECT_NE(NULL, strstr(self->run.out, " left, in " INNER "\n"));
	child_end(&self->child);
	remove_cgroups();
}

/*
 * Cgroups that there are not: the client sees files of ours instead of the kernel's, and
 * nobody else does.
 */

static const char *fake_mounts, *fake_cgroup;
static pid_t fake_pid;

static bool fake_file(const char *text, const char *path)
{
	static const char ours[] = "/tmp/memclass-fake";
	FILE *file = fopen(ours, "we");

	return file && fputs(text, file) >= 0 && !fclose(file) &&
	       !mount(ours, path, NULL, MS_BIND, NULL) && !unlink(ours);
}

static void fake(void)
{
	char mounts[64], cgroup[64];

	snprintf(mounts, sizeof(mounts), "/proc/%d/mountinfo", getpid());
	snprintf(cgroup, sizeof(cgroup), "/proc/%d/cgroup", fake_pid);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !fake_file(fake_mounts, mounts) || !fake_file(fake_cgroup, cgroup))
		_exit(125);
}

static bool show_fake(FIXTURE_DATA(headroom) * self, const char *mounts, const char *cgroup)
{
	fake_mounts = mounts;
	fake_cgroup = cgroup;
	fake_pid = self->child.pid;
	run_free(&self->run);
	run_after(&self->run, fake, "show", "--json", self->pid, NULL);
	return !self->run.status && run_json(&self->run);
}

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "we");
	if (!file || fputs(text, file) < 0 || fclose(file))
		abort();
}

#define V1		"/tmp/memclass v1"
#define V1_PIDS		"/tmp/memclass-pids"
#define V1_MOUNT	"30 20 0:30 /docker /tmp/memclass\\040v1 rw - cgroup cgroup rw,cpu,memory\n"
#define V1_PIDS_MOUNT	"31 20 0:31 / " V1_PIDS " rw - cgroup cgroup rw,pids\n"

TEST_F(headroom, version_1)
{
	static const char cgroup[] = "12:pids:/elsewhere\n4:cpu,memory:/docker/one\n0::/two\n";

	mkdir(V1, 0755);
	ASSERT_EQ(0, mkdir(V1 "/one", 0755));
	mkdir(V1_PIDS, 0755);
	ASSERT_EQ(0, mkdir(V1_PIDS "/elsewhere", 0755));
	write_file(V1_PIDS "/elsewhere", "pids.max", "100\n");
	write_file(V1_PIDS "/elsewhere", "pids.current", "60\n");
	/* What it counts of itself is a part of the total. */
	write_file(V1 "/one", "memory.stat", "active_file 7\ntotal_inactive_file 30000\n"
					     "total_active_file 5\ntotal_rss 1\n");
	write_file(V1, "memory.limit_in_bytes", "9223372036854771712\n");
	write_file(V1, "memory.usage_in_bytes", "1000000\n");
	write_file(V1 "/one", "memory.limit_in_bytes", "500000\n");
	write_file(V1 "/one", "memory.usage_in_bytes", "400000\n");
	write_file(V1 "/one", "memory.memsw.limit_in_bytes", "500000\n");
	write_file(V1 "/one", "memory.memsw.usage_in_bytes", "600000\n");
	ASSERT_TRUE(show_fake(self, V1_MOUNT V1_PIDS_MOUNT, cgroup));
	expect_limit(_metadata, &self->run, "memory.limit_in_bytes", "/one", 500000);
	EXPECT_EQ(100000U, json_number(limit_of(&self->run, "memory.limit_in_bytes"), "left"));
	EXPECT_EQ(30005U, json_number(limit_of(&self->run, "memory.limit_in_bytes"), "droppable"));
	expect_limit(_metadata, &self->run, "pids.max", "/elsewhere", 100);
	EXPECT_EQ(0U, json_number(limit_of(&self->run, "pids.max"), "droppable"));
	/* More than there may be: nothing is left. */
	EXPECT_EQ(0U, json_number(limit_of(&self->run, "memory.memsw.limit_in_bytes"), "left"));
	EXPECT_STREQ("memory.memsw.limit_in_bytes",
		     json_string(json_member(self->run.json, "headroom")->first, "limit"));
	EXPECT_EQ(0, system("rm -r '" V1 "' " V1_PIDS));
}

/* Nothing to be found: no mount, not this part of one, not from here, not even lines. */
TEST_F(headroom, no_cgroups)
{
	static const struct {
		const char *mounts;
		const char *cgroup;
	} fakes[] = {
		{ "", "0::/\n" },
		{ V1_MOUNT, "0::/one\n" },
		{ V1_MOUNT, "4:memory:/dockerized\n" },
		{ "30 20 0:30 / /tmp rw - cgroup2 cgroup rw\n", "0::/../one\n" },
		{ "30 20 0:30 / /tmp rw - cgroup2 cgroup rw\n", "0::/" },
		{ "30 20 0:30 / /tmp rw - cgroup2\n\n - \n", "0:\n:\n" },
		{ "- cgroup2 a b\n 1 - cgroup2 a b\n", "" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fakes); i++) {
		ASSERT_TRUE(show_fake(self, fakes[i].mounts, fakes[i].cgroup))
		TH_LOG("%zu: %s", i, self->run.err);
		EXPECT_EQ(NULL, limit_of(&self->run, "memory.max"));
		EXPECT_EQ(NULL, limit_of(&self->run, "memory.limit_in_bytes"));
		EXPECT_NE(NULL, limit_of(&self->run, "RLIMIT_AS"));
	}
}

TEST_HARNESS_MAIN
