// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: memclass watch ends as it says, follows what it was asked to, measures how fast
 * that grows, and knows the limit that it runs into.
 * Oracle: what the workloads were told to do, and the limits that this test sets.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "client/run.h"
#include "client/workload.h"
#include "lib/patience.h"

/* 8 MiB a second: much in little time. A workload that was late catches up. */
#define MIB		(1024 * 1024.0)
#define RATE		"rate=491520"
#define BYTES_AN_HOUR	(8 * MIB * 3600)
#define PACE		"--interval", "0.05", "--for", "1.5"
#define SAMPLES		30

/*
 * A guest on a busy host stands still at times, and what grew in one of its seconds is
 * no steady growth: then there are fewer samples, and it is tried anew.
 */
#define TRIES		10

static bool is_even(struct run *run, unsigned int samples)
{
	return run_json(run) && json_number(run->json, "samples") >= samples * 3 / 4;
}

#define WATCH_EVENLY(run_of_it, ...) \
	do { \
		unsigned int _tries = 0; \
\
		do { \
			run_free(run_of_it); \
			run(run_of_it, "watch", PACE, "--json", __VA_ARGS__, NULL); \
		} while (!is_even(run_of_it, SAMPLES) && ++_tries < TRIES); \
	} while (0)

static const struct json *finding_of(const struct run *run, const char *class)
{
	return json_find(json_member(run->json, "findings"), "class", class);
}

static bool is_about(double value, double expected, double off)
{
	return value > expected * (1 - off) && value < expected * (1 + off);
}

FIXTURE(wrong) {};

FIXTURE_SETUP(wrong)
{
}

FIXTURE_TEARDOWN(wrong)
{
}

TEST_F(wrong, usage)
{
	static const char *const lines[] = {
		"memclass watch nobody",
		"memclass watch --all 1",
		"memclass watch --all --name init",
		"memclass watch --name init --cgroup /",
		"memclass watch --interval 0",
		"memclass watch --interval x 1",
		"memclass watch --interval 1s 1",
		"memclass watch --for -1 1",
		"memclass watch --for nan 1",
		"memclass watch --for",
		"memclass watch -o nothing",
	};
	struct run got;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		run_shell(&got, lines[i]);
		EXPECT_EQ(2, got.status)
		TH_LOG("%s: %s", lines[i], got.err);
		EXPECT_STREQ("", got.out);
		run_free(&got);
	}
}

TEST_F(wrong, nobody_there)
{
	struct run got;

	if (!module_is_there())
		SKIP(return, "needs the module");
	run(&got, "watch", "4194303", NULL);
	EXPECT_EQ(1, got.status);
	EXPECT_NE(NULL, strstr(got.err, "there is no process 4194303"));
	run_free(&got);
	run(&got, "watch", "--name", "nobody", "--for", "0.1", "--interval", "0.1", NULL);
	EXPECT_EQ(1, got.status);
	EXPECT_NE(NULL, strstr(got.err, "there was no process called nobody"));
	run_free(&got);
}

FIXTURE(watch)
{
	struct workload workload;
	struct run run;
	char pid[16];
};

FIXTURE_SETUP(watch)
{
	if (!module_is_there())
		SKIP(return, "needs the module");
	ASSERT_TRUE(workload_start(&self->workload, "anon", "leak", RATE, NULL));
	snprintf(self->pid, sizeof(self->pid), "%d", self->workload.pid);
}

FIXTURE_TEARDOWN(watch)
{
	run_free(&self->run);
}

/* One that was not let go does nothing. */
TEST_F(watch, nothing)
{
	run(&self->run, "watch", PACE, self->pid, NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.out, "nothing suspected"));
	EXPECT_NE(NULL, strstr(self->run.out, "steady"));
	EXPECT_EQ(NULL, strstr(self->run.out, "growth"));
	EXPECT_STREQ("", self->run.err);
	workload_end(&self->workload);
}

TEST_F(watch, rate)
{
	const struct json *finding;

	ASSERT_TRUE(workload_go(&self->workload));
	WATCH_EVENLY(&self->run, self->pid);
	workload_end(&self->workload);
	EXPECT_EQ(3, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_LE(1U, json_number(self->run.json, "suspected"));
	EXPECT_LE(8U, json_number(self->run.json, "samples"));
	finding = finding_of(&self->run, "anon");
	ASSERT_NE(NULL, finding);
	EXPECT_STREQ("anon-growth", json_string(finding, "verdict"));
	EXPECT_STREQ("size", json_string(finding, "figure"));
	EXPECT_EQ((uint64_t)self->workload.pid, json_number(finding, "pid"));
	EXPECT_EQ(1U, json_number(finding, "processes"));
	EXPECT_TRUE(is_about(json_number(finding, "rate"), BYTES_AN_HOUR, 0.3))
	TH_LOG("%lu an hour; %s", (unsigned long)json_number(finding, "rate"),
	       self->workload.did);
	EXPECT_EQ(0U, json_number(finding, "fall"));
	EXPECT_LT(80U, json_number(finding, "fit"));
	EXPECT_LT(90U, json_number(finding, "share"));
	EXPECT_EQ(JSON_OBJECT, json_type(finding, "limit"));
}

/* The words of the table, and rows for scripts. */
TEST_F(watch, table)
{
	ASSERT_TRUE(workload_go(&self->workload));
	run(&self->run, "watch", PACE, self->pid, NULL);
	EXPECT_EQ(3, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.out, "anon-growth suspected in anon-leak"));
	EXPECT_NE(NULL, strstr(self->run.out, "to be sure:"));
	EXPECT_NE(NULL, strstr(self->run.out, "to the limit, ram+swap"));
	run_free(&self->run);
	run(&self->run, "watch", PACE, "-rn", "-o", "class,verdict", self->pid, NULL);
	workload_end(&self->workload);
	EXPECT_EQ(3, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.out, "anon anon-growth\n"));
}

/* A limit of the process's own, which is closer than the machine's. */
TEST_F(watch, limit)
{
	struct rlimit limit = { 512 * MIB, 512 * MIB };
	const struct json *finding, *its_limit;
	double rate, room;

	ASSERT_EQ(0, prlimit(self->workload.pid, RLIMIT_AS, &limit, NULL));
	ASSERT_TRUE(workload_go(&self->workload));
	WATCH_EVENLY(&self->run, self->pid);
	workload_end(&self->workload);
	ASSERT_TRUE(run_json(&self->run));
	finding = finding_of(&self->run, "anon");
	ASSERT_NE(NULL, finding);
	its_limit = json_member(finding, "limit");
	EXPECT_STREQ("RLIMIT_AS", json_string(its_limit, "name"));
	EXPECT_EQ(JSON_NULL, json_type(its_limit, "cgroup"));
	rate = json_number(finding, "rate") / 3600.0;
	room = json_number(its_limit, "room");
	EXPECT_LT(room, limit.rlim_cur - json_number(finding, "now"));
	EXPECT_GT(room, 0);
	EXPECT_LE(json_number(its_limit, "seconds_left"), room / rate + 1);
	EXPECT_GE(json_number(its_limit, "seconds_left"), room / rate - 2);
}

/* It does so when it begins: before that, an interrupt would just end it. */
static bool catches_interrupts(pid_t pid)
{
	char path[32], line[128];
	unsigned long caught = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "SigCgt: %lx", &caught) == 1)
			break;
	if (file)
		fclose(file);
	return caught & 1UL << (SIGINT - 1);
}

static void wait_until_it_watches(const struct run *run)
{
	while (!catches_interrupts(run->pid))
		usleep(10000);
	/* And for a sample or two. */
	usleep(500000);
}

/* When all have ended, there is nothing left to wait for. */
TEST_F(watch, ended)
{
	const struct json *finding;

	EXPECT_LE(0, run_start(&self->run, "watch", "--interval", "0.05", "--for", "3600",
			       "--json", self->pid, NULL));
	wait_until_it_watches(&self->run);
	workload_end(&self->workload);
	run_finish(&self->run);
	EXPECT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	finding = finding_of(&self->run, "stack");
	ASSERT_NE(NULL, finding);
	EXPECT_EQ(0U, json_number(finding, "processes"));
}

TEST_F(watch, interrupted)
{
	EXPECT_LE(0, run_start(&self->run, "watch", "--interval", "0.05", "--for", "0", "--json",
			       self->pid, NULL));
	wait_until_it_watches(&self->run);
	EXPECT_EQ(0, kill(self->run.pid, SIGINT));
	run_finish(&self->run);
	workload_end(&self->workload);
	EXPECT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_LT(0U, json_number(self->run.json, "samples"));
}

static void watch_restart(struct __test_metadata *_metadata, struct run *run,
			  struct workload *first, struct workload *later)
{
	ASSERT_TRUE(workload_go(first));
	EXPECT_LE(0, run_start(run, "watch", "--interval", "0.05", "--for", "3.5", "--json",
			       "--name", "anon-leak", NULL));
	wait_until_it_watches(run);
	sleep(1);
	workload_end(first);
	ASSERT_TRUE(workload_start(later, "anon", "leak", RATE, NULL));
	ASSERT_TRUE(workload_go(later));
	run_finish(run);
	workload_end(later);
}

/* One after the other of the same name: one finding, of both. */
TEST_F(watch, restarts)
{
	const struct json *finding;
	struct workload later;
	unsigned int tries = 0;

	watch_restart(_metadata, &self->run, &self->workload, &later);
	while (!is_even(&self->run, 3.5 / 0.05) && ++tries < TRIES) {
		run_free(&self->run);
		ASSERT_TRUE(workload_start(&self->workload, "anon", "leak", RATE, NULL));
		watch_restart(_metadata, &self->run, &self->workload, &later);
	}
	EXPECT_EQ(3, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	finding = finding_of(&self->run, "anon");
	ASSERT_NE(NULL, finding);
	EXPECT_STREQ("anon-growth", json_string(finding, "verdict"));
	EXPECT_EQ((uint64_t)later.pid, json_number(finding, "pid"));
	EXPECT_TRUE(is_about(json_number(finding, "rate"), BYTES_AN_HOUR, 0.4))
	TH_LOG("%lu an hour; %s", (unsigned long)json_number(finding, "rate"), later.did);
}

#define CGROUPS		"/sys/fs/cgroup"
#define GROUP		CGROUPS "/memclass-watch"

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

static bool make_group(const char *pid)
{
	if (access(CGROUPS "/cgroup.controllers", F_OK))
		mount("cgroup2", CGROUPS, "cgroup2", 0, NULL);
	write_file(CGROUPS "/cgroup.subtree_control", "+memory");
	mkdir(GROUP, 0755);
	return write_file(GROUP "/memory.max", "536870912") &&
	       write_file(GROUP "/cgroup.procs", pid);
}

TEST_F(watch, cgroup)
{
	const struct json *finding, *its_limit;

	if (!make_group(self->pid)) {
		workload_end(&self->workload);
		rmdir(GROUP);
		SKIP(return, "no memory controller of version 2");
	}
	ASSERT_TRUE(workload_go(&self->workload));
	WATCH_EVENLY(&self->run, "--cgroup", GROUP);
	workload_end(&self->workload);
	rmdir(GROUP);
	EXPECT_EQ(3, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	for (finding = json_member(self->run.json, "findings")->first; finding; finding = finding->next)
		EXPECT_STREQ("anon-leak", json_string(finding, "comm"));
	finding = finding_of(&self->run, "anon");
	ASSERT_NE(NULL, finding);
	its_limit = json_member(finding, "limit");
	EXPECT_STREQ("memory.max", json_string(its_limit, "name"));
	EXPECT_STREQ("/memclass-watch", json_string(its_limit, "cgroup"));
	EXPECT_LT(json_number(its_limit, "room"), 536870912U - json_number(finding, "now") + MIB);
}

/* All of them, and the machine; not itself. */
TEST_F(watch, all)
{
	bool machine = false, child = false;
	const struct json *finding;

	run(&self->run, "watch", "--interval", "0.1", "--for", "0.5", "--json", NULL);
	workload_end(&self->workload);
	EXPECT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	for (finding = json_member(self->run.json, "findings")->first; finding; finding = finding->next) {
		machine |= json_type(finding, "pid") == JSON_NULL;
		child |= json_number(finding, "pid") == (uint64_t)self->workload.pid;
		EXPECT_STRNE("memclass", json_string(finding, "comm"));
	}
	EXPECT_TRUE(machine);
	EXPECT_TRUE(child);
}

TEST_HARNESS_MAIN
