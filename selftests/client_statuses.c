// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: whatever goes wrong, the client says what it was, in one line that names it,
 * and ends with the status that memclass(8) has for it; no figures are shown.
 * Oracle: the state that this test has brought about.
 */
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"

#include "client/run.h"
#include "client/synthetic.h"
#include "lib/module.h"

#define EXPECT_SAYS(run, expected_status, message) \
	do { \
		EXPECT_EQ(expected_status, (run)->status) \
		TH_LOG("%s", (run)->err); \
		EXPECT_STREQ("", (run)->out); \
		EXPECT_NE(NULL, strstr((run)->err, message)) \
		TH_LOG("%s", (run)->err); \
		EXPECT_EQ(0, strncmp((run)->err, "memclass: ", 10)); \
	} while (0)

/* What needs no module; it runs the client many times. */
FIXTURE(anywhere) {};

FIXTURE_SETUP(anywhere)
{
}

FIXTURE_TEARDOWN(anywhere)
{
}

TEST_F_TIMEOUT(anywhere, usage, 150)
{
	static const struct {
		const char *arguments[4];
		const char *message;
	} cases[] = {
		{ { NULL }, "which command" },
		{ { "bogus" }, "no command 'bogus'" },
		{ { "help", "bogus" }, "no command 'bogus'" },
		{ { "help", "ps", "x" }, "'x'" },
		{ { "classes", "x" }, "'x'" },
		{ { "version", "x" }, "'x'" },
		{ { "ps", "1" }, "'1'" },
		{ { "show" }, "show wants PID" },
		{ { "show", "0" }, "'0' is not a process id" },
		{ { "show", "+1" }, "'+1' is not a process id" },
		{ { "show", "1x" }, "'1x' is not a process id" },
		{ { "show", "1", "" }, "'' is not a process id" },
		{ { "show", "99999999999999999999" }, "is not a process id" },
		{ { "show", "--", "-1" }, "'-1' is not a process id" },
		{ { "show", "-s", "rss", "1" }, "no option -s" },
		{ { "maps" }, "maps wants PID" },
		{ { "maps", "1", "2" }, "'2'" },
		{ { "maps", "self" }, "'self' is not a process id" },
		{ { "ps", "-q" }, "no option -q" },
		{ { "record" }, "record wants -o FILE" },
		{ { "record", "-o", "x", "y" }, "'y' is not a process id" },
		{ { "record", "-ox", "--interval", "0" }, "'0' is no interval" },
		{ { "record", "-ox", "--for", "5m" }, "'5m' is no time" },
		{ { "record", "-ox", "--source", "y" }, "'y' was recorded already" },
		{ { "report" }, "report wants FILE" },
		{ { "diff" }, "diff wants FILE" },
		{ { "diff", "a", "--by", "b" }, "--by process, name or class, not 'b'" },
		{ { "diff", "a", "-s", "pid" }, "'pid' is not counted" },
		{ { "ps", "--bogus" }, "--bogus" },
		{ { "ps", "--json=yes" }, "--json=yes" },
		{ { "ps", "-o" }, "-o wants a value" },
		{ { "ps", "--sort" }, "--sort wants a value" },
		{ { "ps", "-o", "bogus" }, "no column 'bogus'" },
		{ { "ps", "-o", "" }, "no column ''" },
		{ { "ps", "-o", "pid,,rss" }, "no column ''" },
		{ { "ps", "-o", "pid," }, "no column ''" },
		{ { "ps", "-o", "+bogus,pid" }, "no column 'bogus'" },
		{ { "ps", "-s", "bogus" }, "no column 'bogus'" },
		{ { "ps", "-s", "pid,rss" }, "no column 'pid" },
		{ { "ps", "--json", "-o", "pid" }, "--columns" },
		{ { "ps", "-o", "\x1b[31m" }, "no column '\\033[31m'" },
	};
	struct run got;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const *arguments = cases[i].arguments;

		run(&got, arguments[0], arguments[1], arguments[2], arguments[3], NULL);
		EXPECT_SAYS(&got, 2, cases[i].message);
		EXPECT_NE(NULL, strstr(got.err, "\nTry 'memclass help"));
		run_free(&got);
	}
}

TEST_F_TIMEOUT(anywhere, help, 150)
{
	static const char *const commands[] = { "show", "maps", "ps", "watch", "classes", "version",
						"help" };
	struct run help, letter, word;
	size_t i;

	run(&help, "help", NULL);
	EXPECT_EQ(0, help.status);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		EXPECT_NE(NULL, strstr(help.out, commands[i]));
	run_free(&help);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		run(&help, "help", commands[i], NULL);
		run(&letter, commands[i], "-h", NULL);
		run(&word, commands[i], "--help", NULL);
		EXPECT_EQ(0, help.status | letter.status | word.status);
		EXPECT_STREQ("", help.err);
		EXPECT_NE(NULL, strstr(help.out, "Usage: memclass "));
		EXPECT_STREQ(help.out, letter.out);
		EXPECT_STREQ(help.out, word.out);
		run_free(&help);
		run_free(&letter);
		run_free(&word);
	}
}

FIXTURE(missing)
{
	struct synthetic synthetic;
	struct run run;
};

FIXTURE_SETUP(missing)
{
	synthetic_make(&self->synthetic, &layout_own);
}

FIXTURE_TEARDOWN(missing)
{
	synthetic_remove(&self->synthetic);
	run_free(&self->run);
}

TEST_F(missing, directory)
{
	run(&self->run, "ps", "--debugfs", "/nonexistent/memclass", NULL);
	EXPECT_SAYS(&self->run, 4, "nothing of the module in /nonexistent/memclass");
}

TEST_F(missing, file)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/records", self->synthetic.dir);
	unlink(path);
	run(&self->run, "ps", "--debugfs", self->synthetic.dir, NULL);
	EXPECT_SAYS(&self->run, 1, "cannot open");
}

TEST_F(missing, what_can_be_read)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/records", self->synthetic.dir);
	unlink(path);
	mkdir(path, 0700);
	run(&self->run, "ps", "--debugfs", self->synthetic.dir, NULL);
	EXPECT_SAYS(&self->run, 1, "cannot read");
	rmdir(path);
}

/* Root as lockdown or a security module would have it: refused. */
static void give_up_capabilities(void)
{
	if (prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) ||
	    prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0))
		_exit(125);
}

TEST_F(missing, root_refused)
{
	char path[128];

	if (geteuid())
		SKIP(return, "needs root");
	snprintf(path, sizeof(path), "%s/version", self->synthetic.dir);
	ASSERT_EQ(0, chown(path, 65534, 65534));
	run_after(&self->run, give_up_capabilities, "ps", "--debugfs", self->synthetic.dir,
		  NULL);
	EXPECT_SAYS(&self->run, 5, "refused even to root");
}

/* Without the module, and when nobody insists on it, /proc has to do. */
static void expect_proc_instead(struct __test_metadata *_metadata, const struct run *got,
				const char *why)
{
	EXPECT_EQ(0, got->status)
	TH_LOG("%s", got->err);
	EXPECT_NE(NULL, strstr(got->out, "PID"));
	EXPECT_NE(NULL, strstr(got->err, why))
	TH_LOG("%s", got->err);
	EXPECT_NE(NULL, strstr(got->err, "; reading /proc instead, which knows less\n"));
	EXPECT_EQ(strchr(got->err, '\n'), strrchr(got->err, '\n'));
}

TEST_F(missing, not_root)
{
	if (!module_is_there() || geteuid())
		SKIP(return, "needs root and the module");
	run_after(&self->run, become_nobody, "ps", "--source=module", NULL);
	EXPECT_SAYS(&self->run, 5, "not permitted: this needs root");
	EXPECT_EQ(NULL, strstr(self->run.err, "not loaded"));
	run_free(&self->run);
	run_after(&self->run, become_nobody, "show", "--source=module", "1", NULL);
	EXPECT_SAYS(&self->run, 5, "not permitted: this needs root");
	run_free(&self->run);
	run_after(&self->run, become_nobody, "ps", NULL);
	expect_proc_instead(_metadata, &self->run, "not permitted: this needs root");
	run_free(&self->run);
	run_after(&self->run, become_nobody, "faults", NULL);
	EXPECT_SAYS(&self->run, 5, "only the module counts page faults");
}

TEST_F(missing, debugfs)
{
	if (!module_is_there() || geteuid())
		SKIP(return, "needs root and the module");
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, umount2("/sys/kernel/debug", MNT_DETACH));
	run(&self->run, "ps", "--source=module", NULL);
	EXPECT_SAYS(&self->run, 4, "debugfs is not mounted: mount -t debugfs");
	run_free(&self->run);
	run(&self->run, "ps", NULL);
	expect_proc_instead(_metadata, &self->run, "debugfs is not mounted: mount -t debugfs");
}

FIXTURE(unloaded)
{
	bool gone;
};

FIXTURE_SETUP(unloaded)
{
	if (!module_is_there() || geteuid())
		SKIP(return, "needs root and the module");
	if (access(MODULE_KO, R_OK))
		SKIP(return, "there is no %s to load again", MODULE_KO);
	self->gone = !module_remove("memclass");
	ASSERT_TRUE(self->gone);
}

FIXTURE_TEARDOWN(unloaded)
{
	if (self->gone)
		EXPECT_EQ(0, module_insert(MODULE_KO, ""));
}

TEST_F(unloaded, says_so)
{
	static const char *const files[] = { "objects", "cgroups" };
	static const char *const commands[] = { "ps", "show", "maps" };
	struct run got;
	size_t i;

	for (i = 0; i < 3; i++) {
		run(&got, commands[i], "--source=module", i ? "1" : NULL, NULL);
		EXPECT_SAYS(&got, 4, "module is not loaded: modprobe memclass");
		run_free(&got);
	}
	run(&got, "ps", NULL);
	expect_proc_instead(_metadata, &got, "module is not loaded: modprobe memclass");
	run_free(&got);
	run(&got, "faults", NULL);
	EXPECT_SAYS(&got, 4, "only the module counts page faults");
	run_free(&got);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		run(&got, files[i], NULL);
		EXPECT_SAYS(&got, 4, "module is not loaded: modprobe memclass");
		run_free(&got);
		run(&got, files[i], "--source=proc", NULL);
		EXPECT_SAYS(&got, 1, "only the module has");
		run_free(&got);
	}
	run(&got, "system", NULL);
	EXPECT_SAYS(&got, 4, "module is not loaded: modprobe memclass");
	run_free(&got);
	run(&got, "version", NULL);
	EXPECT_EQ(4, got.status);
	EXPECT_EQ(0, strncmp(got.out, "client version ", 15));
	run_free(&got);
	run_after(&got, become_nobody, "ps", "--source=module", NULL);
	EXPECT_SAYS(&got, 5, "nor is the kernel module loaded");
	run_free(&got);
	/* What needs no module works. */
	run(&got, "classes", NULL);
	EXPECT_EQ(0, got.status);
	run_free(&got);
}

/* Processes that have no memory, each for its own reason. */
FIXTURE(pid)
{
	struct run run;
	char text[16];
};

FIXTURE_SETUP(pid)
{
	if (!module_is_there())
		SKIP(return, "needs the module");
}

FIXTURE_TEARDOWN(pid)
{
	run_free(&self->run);
}

#define EXPECT_NO_RECORD(self, pid, message) \
	do { \
		char _pid[16]; \
\
		snprintf(_pid, sizeof(_pid), "%d", pid); \
		run(&(self)->run, "show", _pid, NULL); \
		EXPECT_SAYS(&(self)->run, 1, message); \
		run_free(&(self)->run); \
		run(&(self)->run, "maps", "--json", _pid, NULL); \
		EXPECT_SAYS(&(self)->run, 1, message); \
	} while (0)

TEST_F(pid, that_is_gone)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_NO_RECORD(self, pid, "there is no process");
}

TEST_F(pid, that_cannot_be)
{
	EXPECT_NO_RECORD(self, 4194305, "there is no process 4194305");
	run_free(&self->run);
	EXPECT_NO_RECORD(self, 2147483647, "there is no process 2147483647");
}

TEST_F(pid, of_a_zombie)
{
	pid_t pid = fork();
	siginfo_t info;

	if (!pid)
		_exit(0);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	EXPECT_NO_RECORD(self, pid, "is a zombie");
	waitpid(pid, NULL, 0);
}

TEST_F(pid, of_a_kernel_thread)
{
	EXPECT_NO_RECORD(self, 2, "2 is a kernel thread");
}

static void *wait_for_ever(void *tid)
{
	*(volatile pid_t *)tid = syscall(SYS_gettid);
	pause();
	return NULL;
}

TEST_F(pid, of_a_thread)
{
	volatile pid_t tid = 0;
	pthread_t thread;
	char message[64];

	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_ever, (void *)&tid));
	while (!tid)
		sched_yield();
	snprintf(message, sizeof(message), "%d is a thread of process %d", tid, getpid());
	EXPECT_NO_RECORD(self, tid, message);
}

TEST_F(pid, among_good_ones)
{
	snprintf(self->text, sizeof(self->text), "%d", getpid());
	run(&self->run, "show", "-rn", "2", self->text, "-o", "class", NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.out, "total\n"));
	EXPECT_NE(NULL, strstr(self->run.err, "2 is a kernel thread"));
}

/* 20,000 mappings, since no two neighbours are the same; then waits. */
static void map_many(void)
{
	const size_t size = 8 * 4096;
	char *at;
	int i;

	for (i = 0; i < 10000; i++) {
		at = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		mprotect(at, size / 2, PROT_NONE);
	}
	kill(getpid(), SIGSTOP);
}

/* Waits until it has another program, which has but few mappings. */
static void wait_for_exec(struct __test_metadata *_metadata, pid_t pid)
{
	char path[32], line[256];
	unsigned int lines, tries;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	for (tries = 0; tries < 1000; tries++, usleep(10000)) {
		maps = fopen(path, "r");
		ASSERT_NE(NULL, maps);
		for (lines = 0; lines < 1000 && fgets(line, sizeof(line), maps); lines++)
			;
		fclose(maps);
		if (lines && lines < 1000)
			return;
	}
	ASSERT_LT(tries, 1000U);
}

/* What was shown of a process that does not stay the same is not all. */
static void expect_incomplete(struct __test_metadata *_metadata, const char *pid, bool kill_it,
			      const char *message)
{
	pid_t target = atoi(pid);
	struct run got;
	char first;

	ASSERT_EQ(1, read(run_start(&got, "maps", "--json", pid, NULL), &first, 1));
	/* The rest of the output waits until someone takes it out of the pipe. */
	kill(target, kill_it ? SIGKILL : SIGCONT);
	if (kill_it)
		waitpid(target, NULL, 0);
	else
		wait_for_exec(_metadata, target);
	run_finish(&got);
	EXPECT_EQ(1, got.status);
	EXPECT_NE(NULL, strstr(got.err, message))
	TH_LOG("%s", got.err);
	/* All but the first character. */
	EXPECT_EQ('{', first);
	EXPECT_NE(NULL, strstr(got.out, "\"complete\": false}\n"));
	run_free(&got);
}

TEST_F_TIMEOUT(pid, that_ends_meanwhile, 150)
{
	pid_t target = fork();
	int status;

	if (!target) {
		map_many();
		_exit(1);
	}
	ASSERT_EQ(target, waitpid(target, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	snprintf(self->text, sizeof(self->text), "%d", target);
	expect_incomplete(_metadata, self->text, true, "ended meanwhile");
}

TEST_F_TIMEOUT(pid, that_becomes_another_program, 150)
{
	pid_t target = fork();
	int status;

	if (!target) {
		map_many();
		execlp("sleep", "sleep", "100", NULL);
		_exit(1);
	}
	ASSERT_EQ(target, waitpid(target, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	snprintf(self->text, sizeof(self->text), "%d", target);
	expect_incomplete(_metadata, self->text, false, "became another program meanwhile");
	kill(target, SIGKILL);
	waitpid(target, NULL, 0);
}

TEST_F_TIMEOUT(anywhere, full_disk, 150)
{
	static const char *const commands[][3] = {
		{ "classes" },
		{ "help" },
		{ "ps", "-h" },
		{ "ps" },
		{ "ps", "-j" },
		{ "show", "1" },
		{ "show", "1", "-j" },
		{ "maps", "1" },
		{ "maps", "1", "-j" },
		{ "version" },
	};
	bool module = module_is_there();
	struct run got;
	char line[128];
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]) - (module ? 0 : 7); i++) {
		snprintf(line, sizeof(line), "memclass %s %s %s >/dev/full", commands[i][0],
			 commands[i][1] ?: "", commands[i][2] ?: "");
		run_shell(&got, line);
		EXPECT_SAYS(&got, 1, "cannot write: No space left on device");
		run_free(&got);
	}
}

/* By the time that it writes, nobody reads. */
TEST_F(anywhere, closed_pipe)
{
	struct run got;

	run_shell(&got, "{ sleep 1; memclass classes; echo \"status $?\" >&2; } | true");
	EXPECT_STREQ("status 141\n", got.err);
	run_free(&got);
	run_shell(&got, "trap '' PIPE\n"
			"{ sleep 1; memclass classes; echo \"status $?\" >&2; } | true");
	EXPECT_STREQ("status 1\n", got.err);
	run_free(&got);
}

TEST_HARNESS_MAIN
