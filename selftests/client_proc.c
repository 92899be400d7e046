// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: without the module the client has the same figures from /proc, to the byte or
 * as near as /proc prints them, says what it cannot know, and that it does so.
 * Oracle: the module, for the same processes, which hold still.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"

#include "client/run.h"
#include "lib/names.h"
#include "lib/patience.h"
#include "memclass.h"

#define FILES	"/tmp/client_proc"

/* Does this kernel's smaps have a line of that name? */
static bool smaps_has(const char *name)
{
	char line[512];
	bool has = false;
	FILE *smaps = fopen("/proc/self/smaps", "re");

	while (smaps && !has && fgets(line, sizeof(line), smaps))
		has = !strncmp(line, name, strlen(name));
	if (smaps)
		fclose(smaps);
	return has;
}

/* What /proc does not say of a mapping, whatever it is. */
static bool is_unknown(unsigned int column)
{
	switch (column) {
	case MEMCLASS_COLUMN_zero:
	case MEMCLASS_COLUMN_pss_anon:
	case MEMCLASS_COLUMN_pss_file:
	case MEMCLASS_COLUMN_pss_shmem:
		return true;
	case MEMCLASS_COLUMN_pss_dirty:
		return !smaps_has("Pss_Dirty:");
	case MEMCLASS_COLUMN_ksm:
		return !smaps_has("KSM:");
	default:
		return false;
	}
}

/* Of a private mapping of shmem it can be known or not: what is swapped can be either's. */
static bool may_be_unknown(unsigned int column)
{
	return column == MEMCLASS_COLUMN_swap_shmem;
}

/* What /proc cuts to kB for each mapping. */
static bool is_cut(unsigned int column)
{
	return column == MEMCLASS_COLUMN_locked || !strncmp(column_name(column), "pss", 3);
}

/*
 * Has @proc what @module has? Mappings of everybody are left out where the client is
 * one of those that they are divided by.
 */
static void expect_same_counts(struct __test_metadata *_metadata, const char *what,
			       const struct json *module, const struct json *proc)
{
	bool everybodys = !strcmp(what, "special");
	uint64_t vmas = json_number(module, "vmas");
	unsigned int column;

	for (column = 0; column < MEMCLASS_NR_COLUMNS; column++) {
		const char *name = column_name(column);
		uint64_t exact = json_number(module, name), got = json_number(proc, name);

		if (is_unknown(column) ||
		    (may_be_unknown(column) && json_type(proc, name) == JSON_NULL)) {
			EXPECT_EQ(JSON_NULL, json_type(proc, name))
			TH_LOG("%s %s", what, name);
		} else if (!is_cut(column)) {
			EXPECT_EQ(exact, got)
			TH_LOG("%s %s", what, name);
		} else if (!everybodys) {
			EXPECT_LE(got, exact)
			TH_LOG("%s %s", what, name);
			/* What the module cuts from each figure can come to a kB more. */
			EXPECT_GT(got + 1024 * vmas + vmas, exact)
			TH_LOG("%s %s", what, name);
		}
	}
}

static const struct json *of_class(const struct json *classes, const char *class)
{
	return json_find(classes, "class", class);
}

/* Waits until no thread runs any more. */
static void wait_for_sleep(struct __test_metadata *_metadata, pid_t pid)
{
	char path[300], text[16];
	struct dirent *entry;
	unsigned int tries;
	bool running = true;
	FILE *file;
	DIR *tasks;

	for (tries = 0; tries < 6000 && running; tries++, usleep(10000)) {
		running = false;
		snprintf(path, sizeof(path), "/proc/%d/task", pid);
		tasks = opendir(path);
		ASSERT_NE(NULL, tasks);
		while ((entry = readdir(tasks))) {
			snprintf(path, sizeof(path), "/proc/%d/task/%s/syscall", pid,
				 entry->d_name);
			file = *entry->d_name == '.' ? NULL : fopen(path, "re");
			if (!file)
				continue;
			running |= !fgets(text, sizeof(text), file) || !strncmp(text, "run", 3);
			fclose(file);
		}
		closedir(tasks);
	}
	ASSERT_FALSE(running);
}

FIXTURE(still)
{
	pid_t pid;
	bool mounted;
	char text[16];
	struct run module, proc;
};

FIXTURE_VARIANT(still)
{
	const char *program, *argument;
	const char *classes[16];	/* that it has, among others */
};

FIXTURE_VARIANT_ADD(still, target) {
	.program = "client_target",
	.argument = "a) \"b\\\n\x1b[m",
	.classes = { "stack", "anon", "text", "data", "rodata", "shm", "memfd" },
};

FIXTURE_VARIANT_ADD(still, kinds) {
	.program = "client_kinds",
	.argument = FILES "/a file",
	.classes = { "heap", "stack", "tstack", "anon", "text", "data", "rodata", "shm", "sysv",
		     "memfd", "tmpfs", "file", "special" },
};

FIXTURE_SETUP(still)
{
	int ready[2];
	char byte;

	if (!module_is_there())
		SKIP(return, "needs the module");
	/* No tmpfs. */
	mkdir(FILES, 0700);
	ASSERT_EQ(0, mount("ramfs", FILES, "ramfs", 0, NULL));
	self->mounted = true;
	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	self->pid = fork();
	if (!self->pid) {
		setpgid(0, 0);
		dup2(ready[1], STDOUT_FILENO);
		execlp(variant->program, variant->program, variant->argument, NULL);
		_exit(127);
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	close(ready[0]);
	wait_for_sleep(_metadata, self->pid);
	snprintf(self->text, sizeof(self->text), "%d", self->pid);
}

FIXTURE_TEARDOWN(still)
{
	if (self->pid > 0) {
		/* And who has the same memory. */
		kill(-self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	if (self->mounted)
		umount2(FILES, MNT_DETACH);
	rmdir(FILES);
	run_free(&self->module);
	run_free(&self->proc);
}

TEST_F(still, show)
{
	const struct json *module, *proc, *class;
	size_t i;

	run(&self->proc, "show", "--json", "--source=proc", self->text, NULL);
	EXPECT_EQ(0, self->proc.status);
	EXPECT_STREQ("", self->proc.err);
	ASSERT_TRUE(run_json(&self->proc));
	run(&self->module, "show", "--json", "--source=module", self->text, NULL);
	ASSERT_TRUE(run_json(&self->module));
	proc = self->proc.json;
	module = self->module.json;
	EXPECT_EQ((uint64_t)self->pid, json_number(proc, "pid"));
	EXPECT_EQ((uint64_t)getpid(), json_number(proc, "ppid"));
	EXPECT_EQ(json_number(module, "uid"), json_number(proc, "uid"));
	EXPECT_EQ(json_number(module, "threads"), json_number(proc, "threads"));
	EXPECT_EQ(json_number(module, "page_tables"), json_number(proc, "page_tables"));
	EXPECT_STREQ(json_string(module, "comm"), json_string(proc, "comm"));
	EXPECT_EQ(json_type(module, "shared_mm"), json_type(proc, "shared_mm"));
	EXPECT_EQ(JSON_NULL, json_type(proc, "walk"));
	EXPECT_EQ(JSON_NULL, json_type(proc, "faults"));
	/* In ticks of a hundredth of a second. */
	EXPECT_LE(json_number(proc, "start_ns"), json_number(module, "start_ns"));
	EXPECT_GT(json_number(proc, "start_ns") + 10000000, json_number(module, "start_ns"));

	for (class = json_member(module, "classes")->first; class; class = class->next)
		if (json_number(class, "vmas"))
			expect_same_counts(_metadata, json_string(class, "class"), class,
					   of_class(json_member(proc, "classes"),
						    json_string(class, "class")));
	for (class = json_member(proc, "classes")->first; class; class = class->next) {
		EXPECT_NE(NULL, of_class(json_member(module, "classes"),
					 json_string(class, "class")))
		TH_LOG("%s", json_string(class, "class"));
	}
	for (i = 0; variant->classes[i]; i++) {
		class = of_class(json_member(proc, "classes"), variant->classes[i]);
		EXPECT_NE(NULL, class)
		TH_LOG("%s", variant->classes[i]);
	}
}

TEST_F(still, maps)
{
	static const char *const texts[] = { "start", "end", "prot", "class", "type", "dev", "name" };
	static const char *const numbers[] = { "inode" };
	const struct json *module, *proc;
	size_t i;

	run(&self->proc, "maps", "--json", "--source=proc", self->text, NULL);
	EXPECT_EQ(0, self->proc.status);
	ASSERT_TRUE(run_json(&self->proc));
	run(&self->module, "maps", "--json", "--source=module", self->text, NULL);
	ASSERT_TRUE(run_json(&self->module));
	EXPECT_EQ(JSON_TRUE, json_type(self->proc.json, "complete"));
	module = json_member(self->module.json, "vmas")->first;
	proc = json_member(self->proc.json, "vmas")->first;
	for (; module && proc; module = module->next, proc = proc->next) {
		for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
			EXPECT_STREQ(json_string(module, texts[i]), json_string(proc, texts[i]));
		for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
			EXPECT_EQ(json_number(module, numbers[i]), json_number(proc, numbers[i]));
		if (json_number(module, "inode"))
			EXPECT_EQ(json_number(module, "offset"), json_number(proc, "offset"));
		EXPECT_EQ(json_type(module, "shared"), json_type(proc, "shared"));
		expect_same_counts(_metadata, json_string(module, "class"), module, proc);
	}
	EXPECT_EQ(NULL, module);
	EXPECT_EQ(NULL, proc);
}

TEST_F(still, cheap)
{
	const struct json *total;

	run(&self->proc, "show", "--cheap", "--json", "--source=proc", self->text, NULL);
	ASSERT_TRUE(run_json(&self->proc));
	run(&self->module, "show", "--cheap", "--json", "--source=module", self->text, NULL);
	ASSERT_TRUE(run_json(&self->module));
	EXPECT_EQ(JSON_NULL, json_type(self->proc.json, "classes"));
	total = json_member(self->proc.json, "total");
	EXPECT_EQ(json_number(json_member(self->module.json, "total"), "virt"),
		  json_number(total, "virt"));
	EXPECT_EQ(JSON_NUMBER, json_type(total, "rss"));
	EXPECT_EQ(JSON_NULL, json_type(total, "pss"));
}

/* Every process, and those that share their memory counted once. */
TEST_F(still, ps)
{
	const struct json *module, *proc;

	run(&self->proc, "ps", "--json", "--source=proc", NULL);
	EXPECT_EQ(0, self->proc.status);
	ASSERT_TRUE(run_json(&self->proc));
	run(&self->module, "ps", "--json", "--source=module", NULL);
	ASSERT_TRUE(run_json(&self->module));
	EXPECT_EQ(json_number(self->module.json, "shared_mms"),
		  json_number(self->proc.json, "shared_mms"));
	for (module = json_member(self->module.json, "processes")->first; module;
	     module = module->next) {
		/* The client is another one each time. */
		if (json_number(module, "ppid") == (uint64_t)getpid() &&
		    json_number(module, "pid") != (uint64_t)self->pid)
			continue;
		proc = json_member(self->proc.json, "processes")->first;
		while (proc && json_number(proc, "pid") != json_number(module, "pid"))
			proc = proc->next;
		ASSERT_NE(NULL, proc)
		TH_LOG("%s", json_string(module, "comm"));
		EXPECT_EQ(json_type(module, "shared_mm"), json_type(proc, "shared_mm"));
		EXPECT_STREQ(json_string(module, "comm"), json_string(proc, "comm"));
	}
}

/* What others have in detail is not for everyone. */
TEST_F(still, not_permitted)
{
	if (geteuid())
		SKIP(return, "needs root");
	run_after(&self->proc, become_nobody, "show", "--json", "--source=proc", self->text, NULL);
	EXPECT_EQ(0, self->proc.status);
	ASSERT_TRUE(run_json(&self->proc));
	EXPECT_EQ(JSON_NULL, json_type(self->proc.json, "classes"));
	EXPECT_EQ(JSON_NULL, json_type(self->proc.json, "shared_mm"));
	EXPECT_EQ(JSON_NUMBER, json_type(json_member(self->proc.json, "total"), "virt"));
	EXPECT_EQ(JSON_NULL, json_type(json_member(self->proc.json, "total"), "pss"));
	run_free(&self->proc);
	run_after(&self->proc, become_nobody, "ps", "--source=proc", NULL);
	EXPECT_EQ(0, self->proc.status);
	EXPECT_STREQ("", self->proc.err);
	run_free(&self->proc);
	run_after(&self->proc, become_nobody, "maps", "--source=proc", self->text, NULL);
	EXPECT_EQ(5, self->proc.status);
	EXPECT_STREQ("", self->proc.out);
	EXPECT_NE(NULL, strstr(self->proc.err, "not permitted"));
}

TEST(without_what_it_cannot)
{
	struct run got;

	run(&got, "faults", "--source=proc", NULL);
	EXPECT_EQ(1, got.status);
	EXPECT_STREQ("", got.out);
	EXPECT_NE(NULL, strstr(got.err, "only the module counts page faults"));
	run_free(&got);
	run(&got, "version", "--source=proc", NULL);
	EXPECT_EQ(0, got.status);
	EXPECT_EQ(NULL, strstr(got.out, "module "));
	run_free(&got);
	run(&got, "show", "--source=proc", "2", NULL);
	EXPECT_EQ(1, got.status);
	EXPECT_NE(NULL, strstr(got.err, "2 is a kernel thread"));
	run_free(&got);
	run(&got, "maps", "--source=proc", "4194305", NULL);
	EXPECT_EQ(1, got.status);
	EXPECT_NE(NULL, strstr(got.err, "there is no process 4194305"));
	run_free(&got);
}

TEST_HARNESS_MAIN
