// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: where it cannot be seen which classes a process has, since that is not permitted
 * or was not asked for, the client says so: it does not take them for none, suspects
 * nothing, and misses nothing without a word.
 * Oracle: a workload that leaks, and who asks.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "client/run.h"
#include "client/workload.h"
#include "lib/patience.h"

#define FOLDER	"/tmp/client_hidden"
#define FULL	FOLDER "/full"
#define CHEAP	FOLDER "/cheap"

#define PACE	"-i", "0.05", "-f", "0.6"

FIXTURE(hidden)
{
	struct workload workload;
	struct run run;
	char pid[16];
};

FIXTURE_SETUP(hidden)
{
	if (geteuid())
		SKIP(return, "needs root");
	mkdir(FOLDER, 0700);
	ASSERT_TRUE(workload_start(&self->workload, "anon", "leak", "rate=491520", NULL));
	snprintf(self->pid, sizeof(self->pid), "%d", self->workload.pid);
	ASSERT_TRUE(workload_go(&self->workload));
}

FIXTURE_TEARDOWN(hidden)
{
	if (self->workload.pid)
		workload_end(&self->workload);
	run_free(&self->run);
	unlink(FULL);
	unlink(CHEAP);
	rmdir(FOLDER);
}

#define EXPECT_REFUSED(self, wanted, message) \
	do { \
		EXPECT_EQ(wanted, (self)->run.status); \
		EXPECT_STREQ("", (self)->run.out); \
		EXPECT_NE(NULL, strstr((self)->run.err, message)) \
		TH_LOG("%s", (self)->run.err); \
	} while (0)

TEST_F(hidden, watch_of_another_user)
{
	run_after(&self->run, become_nobody, "watch", "--source=proc", PACE, self->pid, NULL);
	EXPECT_REFUSED(self, 5, "not permitted");
}

TEST_F(hidden, watch_of_a_name)
{
	run_after(&self->run, become_nobody, "watch", "--source=proc", PACE, "--name", "anon-leak",
		  NULL);
	EXPECT_REFUSED(self, 5, "not permitted");
}

TEST_F(hidden, cheap_watch)
{
	run(&self->run, "watch", "--cheap", "--source=proc", PACE, self->pid, NULL);
	EXPECT_REFUSED(self, 2, "--cheap sees no classes");
}

/* Those that can be seen are judged, and it is said that there are others. */
TEST_F(hidden, watch_of_all)
{
	const struct json *finding;
	const pid_t own = fork();
	bool seen = false;

	if (!own) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		become_nobody();
		execlp("sleep", "sleep", "100", NULL);
		_exit(127);
	}
	run_after(&self->run, become_nobody, "watch", "--json", "--source=proc", PACE, NULL);
	kill(own, SIGKILL);
	waitpid(own, NULL, 0);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_LE(1U, json_number(self->run.json, "left_out"));
	for (finding = json_member(self->run.json, "findings")->first; finding;
	     finding = finding->next) {
		EXPECT_NE((uint64_t)self->workload.pid, json_number(finding, "pid"));
		seen |= json_number(finding, "pid") == (uint64_t)own;
	}
	EXPECT_TRUE(seen);
}

/* Samples, of which the full ones tell what the cheap ones do not. */
static void record(struct run *run_of_it, const char *path, const char *pid, bool cheap)
{
	run_free(run_of_it);
	run(run_of_it, "record", "--source=proc", "-o", path, PACE, pid, cheap ? "--cheap" : NULL,
	    NULL);
}

TEST_F(hidden, capture)
{
	record(&self->run, CHEAP, self->pid, true);
	ASSERT_EQ(0, self->run.status);
	run_free(&self->run);
	run(&self->run, "watch", "--source", CHEAP, self->pid, NULL);
	EXPECT_REFUSED(self, 1, "does not have the classes");
	run_free(&self->run);
	run(&self->run, "diff", CHEAP, NULL);
	EXPECT_REFUSED(self, 1, "not counted in both");
	run_free(&self->run);
	run(&self->run, "report", CHEAP, NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.out, "Which classes 1 of 1 processes have is not known"));
	EXPECT_NE(NULL, strstr(self->run.out, "There is nothing to judge by"));
	EXPECT_EQ(NULL, strstr(self->run.out, "No process grew"));
	EXPECT_EQ(NULL, strstr(self->run.out, "Nothing is suspected"));
}

/* It is there in both: neither new nor gone. */
TEST_F(hidden, difference)
{
	static const char *const pairs[][2] = { { FULL, CHEAP }, { CHEAP, FULL } };
	size_t i;

	record(&self->run, CHEAP, self->pid, true);
	ASSERT_EQ(0, self->run.status);
	record(&self->run, FULL, self->pid, false);
	ASSERT_EQ(0, self->run.status);
	for (i = 0; i < 2; i++) {
		run_free(&self->run);
		run(&self->run, "diff", "--json", pairs[i][0], pairs[i][1], NULL);
		EXPECT_REFUSED(self, 1, "not counted in both");
	}
	run_free(&self->run);
	run(&self->run, "diff", "--json", FULL, NULL);
	EXPECT_EQ(0, self->run.status);
	ASSERT_TRUE(run_json(&self->run));
	EXPECT_EQ(0U, json_number(self->run.json, "left_out"));
	EXPECT_LE(1U, json_length(json_member(self->run.json, "changes")));
}

TEST_HARNESS_MAIN
