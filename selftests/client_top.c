// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: memclass top shows on a terminal of any size what memclass ps says of a process
 * that holds still, goes into it and back, lives on when the process, the module or the
 * size of the terminal goes, writes no colours and no characters that it should not, and
 * gives the terminal back.
 * Oracle: memclass ps --json, and the terminal.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "client/json.h"
#include "client/run.h"
#include "client/synthetic.h"
#include "client/terminal.h"
#include "lib/module.h"
#include "lib/patience.h"

#define XTERM	"TERM=xterm-256color LC_ALL=C.UTF-8"
#define NAME	"top-target"

FIXTURE(top)
{
	struct terminal terminal;
	struct run run;
	pid_t pid;
	char pid_text[16];
	bool unloaded;
	char file[64];
};

/* A program that says when it is ready, and holds still from then on. */
FIXTURE_SETUP(top)
{
	int ready[2];
	char byte;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	self->pid = fork();
	if (!self->pid) {
		setpgid(0, 0);
		dup2(ready[1], STDOUT_FILENO);
		execlp("client_target", "client_target", NAME, NULL);
		_exit(127);
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	close(ready[0]);
	snprintf(self->pid_text, sizeof(self->pid_text), "%d ", self->pid);
	self->terminal.master = -1;
	self->terminal.slave = -1;
}

static void end_target(FIXTURE_DATA(top) * self)
{
	if (self->pid <= 0)
		return;
	/* And who has the same memory. */
	kill(-self->pid, SIGKILL);
	waitpid(self->pid, NULL, 0);
	self->pid = 0;
}

FIXTURE_TEARDOWN(top)
{
	terminal_free(&self->terminal);
	end_target(self);
	run_free(&self->run);
	if (*self->file)
		unlink(self->file);
	if (self->unloaded)
		EXPECT_EQ(0, module_insert(MODULE_KO, ""));
}

static void expect_quit(struct __test_metadata *_metadata, struct terminal *terminal)
{
	terminal_send(terminal, "q");
	EXPECT_EQ(0, terminal_finish(terminal));
	EXPECT_TRUE(terminal_is_restored(terminal));
}

#define EXPECT_SHOWS(terminal, text) \
	EXPECT_TRUE(terminal_shows(terminal, text)) \
	TH_LOG("no '%s' in: %s | %s | ... %s", text, strdup(terminal_line(terminal, 0)), \
	       strdup(terminal_line(terminal, 4)), \
	       strdup(terminal_line(terminal, (terminal)->rows - 1)))

/*
 * Figures.
 */

static const struct json *find_process(const struct run *run, pid_t pid)
{
	const struct json *processes = json_member(run->json, "processes");
	const struct json *process = processes ? processes->first : NULL;

	while (process && json_number(process, "pid") != (uint64_t)pid)
		process = process->next;
	return process;
}

/* The source writes what it can tell; @columns are of the JSON. */
static void expect_figures(struct __test_metadata *_metadata, FIXTURE_DATA(top) * self,
			   const char *source, const char *const *columns)
{
	char list[256] = "pid", expected[512], *at = expected;
	const struct json *counts;
	size_t i;

	run(&self->run, "ps", "--json", "-c", NAME, source, NULL);
	ASSERT_EQ(0, self->run.status)
	TH_LOG("%s", self->run.err);
	ASSERT_TRUE(run_json(&self->run));
	counts = json_member(find_process(&self->run, self->pid), "total");
	at += sprintf(at, "%d", self->pid);
	for (i = 0; columns[i]; i++) {
		strcat(strcat(list, ","), columns[i]);
		/* A page has no part of a K. */
		at += sprintf(at, " %llu.0",
			      (unsigned long long)json_number(counts, columns[i]) / 1024);
	}
	strcat(list, ",comm");
	sprintf(at, " %s", NAME);
	terminal_start(&self->terminal, 80, 24, XTERM, "top", "-k", "K", "-c", NAME, "-o", list,
		       source, NULL);
	EXPECT_TRUE(terminal_shows(&self->terminal, self->pid_text));
	/* As one blank between any two. */
	at = list;
	for (const char *from = terminal_find(&self->terminal, self->pid_text); from && *from; from++)
		if (*from != ' ' || (at > list && at[-1] != ' '))
			*at++ = *from;
	*at = '\0';
	EXPECT_STREQ(expected, list);
	expect_quit(_metadata, &self->terminal);
	run_free(&self->run);
	terminal_free(&self->terminal);
	self->terminal.master = self->terminal.slave = -1;
}

TEST_F(top, figures)
{
	static const char *const cheap[] = { "rss", "virt", "swap", NULL };
	static const char *const pages[] = { "rss", "anon", "shmem", "private_dirty", NULL };
	char source[96];

	if (module_is_there()) {
		expect_figures(_metadata, self, "--source=module", cheap);
		expect_figures(_metadata, self, "--source=module", pages);
	}
	expect_figures(_metadata, self, "--source=proc", pages);
	snprintf(self->file, sizeof(self->file), "/tmp/client_top.%d", getpid());
	run(&self->run, "record", "-o", self->file, "--source=proc", NULL);
	ASSERT_EQ(0, self->run.status)
	TH_LOG("%s", self->run.err);
	run_free(&self->run);
	snprintf(source, sizeof(source), "--source=%s", self->file);
	expect_figures(_metadata, self, source, pages);
}

/*
 * In and out of a process.
 */

TEST_F(top, goes_in_and_out)
{
	struct terminal *terminal = &self->terminal;

	terminal_start(terminal, 80, 24, XTERM, "top", "-c", NAME, "--source=proc", NULL);
	EXPECT_SHOWS(terminal, "COMMAND");
	EXPECT_SHOWS(terminal, self->pid_text);
	terminal_send(terminal, "\r");
	EXPECT_SHOWS(terminal, "VERDICT");
	EXPECT_SHOWS(terminal, "memfd");
	EXPECT_NE(NULL, terminal_find(terminal, NAME ": pid "));
	/* The first one again, whichever it is. */
	terminal_send(terminal, "/memfd\r\r");
	EXPECT_SHOWS(terminal, "class memfd, 1 mappings");
	EXPECT_SHOWS(terminal, "rw-s");
	EXPECT_SHOWS(terminal, "/memfd:a name");
	terminal_send(terminal, "\033");
	EXPECT_SHOWS(terminal, "VERDICT");
	terminal_send(terminal, "\033");
	EXPECT_SHOWS(terminal, "COMMAND");
	expect_quit(_metadata, terminal);
	EXPECT_TRUE(terminal_wrote_colours(terminal));
	EXPECT_TRUE(terminal_wrote(terminal, "▁"));
}

TEST_F(top, process_ends)
{
	struct terminal *terminal = &self->terminal;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", self->pid);
	terminal_start(terminal, 80, 24, XTERM, "top", "--source=proc", "-d", "0.2", pid, NULL);
	EXPECT_SHOWS(terminal, "VERDICT");
	EXPECT_SHOWS(terminal, "stack");
	end_target(self);
	EXPECT_SHOWS(terminal, "has ended");
	EXPECT_NE(NULL, terminal_find(terminal, "stack"));
	terminal_send(terminal, "\033");
	EXPECT_SHOWS(terminal, "COMMAND");
	expect_quit(_metadata, terminal);
}

/* Nobody waits for who looks: it holds no file between two readings. */
TEST_F(top, module_goes)
{
	struct terminal *terminal = &self->terminal;
	int tries = 200;

	if (!module_is_there() || geteuid() || access(MODULE_KO, R_OK))
		SKIP(return, "needs root, the module, and its file");
	terminal_start(terminal, 80, 24, XTERM, "top", "-d", "0.5", NULL);
	EXPECT_SHOWS(terminal, "module, cheap");
	EXPECT_SHOWS(terminal, "PID");
	while (tries-- && !self->unloaded) {
		self->unloaded = !module_remove("memclass");
		if (!self->unloaded)
			usleep(10000);
	}
	ASSERT_TRUE(self->unloaded);
	EXPECT_SHOWS(terminal, "proc, cheap");
	EXPECT_SHOWS(terminal, self->pid_text);
	expect_quit(_metadata, terminal);
}

/*
 * Terminals.
 */

TEST_F(top, sizes)
{
	static const struct {
		unsigned int columns, rows;
		const char *text;
	} sizes[] = {
		{ 200, 60, "COMMAND" },
		{ 40, 10, "COMMAND" },
		{ 30, 7, "COMMAND" },
		{ 29, 7, "29x7 is too small" },
		{ 20, 3, "30x7 needed" },
		{ 1, 1, "" },
		{ 80, 24, "COMMAND" },
	};
	struct terminal *terminal = &self->terminal;
	size_t i;

	terminal_start(terminal, 80, 24, XTERM, "top", "--source=proc", "-c", NAME, NULL);
	EXPECT_SHOWS(terminal, "COMMAND");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		terminal_resize(terminal, sizes[i].columns, sizes[i].rows);
		EXPECT_SHOWS(terminal, sizes[i].text);
	}
	EXPECT_SHOWS(terminal, self->pid_text);
	EXPECT_SHOWS(terminal, "q quit");
	expect_quit(_metadata, terminal);
}

TEST_F(top, colours)
{
	static const struct {
		const char *environment, *option;
		bool colours;
	} cases[] = {
		{ XTERM, "--colour=auto", true },
		{ XTERM " NO_COLOR=1", "--colour=auto", false },
		{ XTERM " NO_COLOR=1", "--colour=always", true },
		{ XTERM, "--color=never", false },
		{ "TERM=vt100 LC_ALL=C.UTF-8", "--colour=always", false },
	};
	struct terminal terminal;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		terminal_start(&terminal, 80, 24, cases[i].environment, "top", "--source=proc",
			       cases[i].option, "-c", NAME, "-o", "pid,types,pss,comm", NULL);
		EXPECT_SHOWS(&terminal, self->pid_text);
		terminal_send(&terminal, "q");
		EXPECT_EQ(0, terminal_finish(&terminal));
		EXPECT_EQ(cases[i].colours, terminal_wrote_colours(&terminal))
		TH_LOG("%s %s", cases[i].environment, cases[i].option);
		terminal_free(&terminal);
	}
}

TEST_F(top, plain_characters)
{
	struct terminal *terminal = &self->terminal;

	terminal_start(terminal, 80, 24, "TERM=vt100 LC_ALL=C", "top", "--source=proc", "-c", NAME,
		       "-d", "0.1", "-n", "8", "-o", "pid,trend,types,pss,comm", NULL);
	EXPECT_EQ(0, terminal_finish(terminal));
	EXPECT_NE(NULL, terminal_find(terminal, "____"));
	EXPECT_FALSE(terminal_wrote_above_ascii(terminal));
}

/* A process can call itself what it likes. */
TEST_F(top, hostile_names)
{
	struct terminal *terminal = &self->terminal;
	char before[16];

	prctl(PR_GET_NAME, before);
	prctl(PR_SET_NAME, "x\033[2Jy\n\a");
	terminal_start(terminal, 80, 24, XTERM, "top", "--source=proc", "-c", "x*", NULL);
	EXPECT_SHOWS(terminal, "x\\033[2Jy\\012\\007");
	prctl(PR_SET_NAME, before);
	expect_quit(_metadata, terminal);
}

/*
 * Keys.
 */

/* Processor time that the client has had, in nanoseconds. */
static uint64_t time_of(const struct terminal *terminal)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", terminal->pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%llu", &ns) != 1)
		ns = 0;
	if (file)
		fclose(file);
	return ns;
}

TEST_F(top, keys)
{
	struct terminal *terminal = &self->terminal;
	uint64_t before;

	terminal_start(terminal, 100, 24, XTERM, "top", "--source=proc", "-d", "0.2", NULL);
	EXPECT_SHOWS(terminal, "COMMAND");
	terminal_send(terminal, "?");
	EXPECT_SHOWS(terminal, "sort by growth");
	terminal_send(terminal, "x");
	EXPECT_SHOWS(terminal, "COMMAND");
	/* Three more letters than there are; then the target alone. */
	terminal_send(terminal, "/no-such");
	EXPECT_SHOWS(terminal, "no name has 'no-such' in it");
	terminal_send(terminal, "\025" NAME "\r");
	EXPECT_SHOWS(terminal, "2 of ");
	EXPECT_SHOWS(terminal, self->pid_text);
	terminal_send(terminal, "snothing\r");
	EXPECT_SHOWS(terminal, "there is no column 'nothing'");
	terminal_send(terminal, "ordirt,pid\r");
	EXPECT_SHOWS(terminal, "there is no column 'rdirt'");
	terminal_send(terminal, "opid,dirty,comm\r");
	EXPECT_SHOWS(terminal, "DIRTY");
	EXPECT_SHOWS(terminal, "each page");
	terminal_send(terminal, "o\025\r");
	EXPECT_SHOWS(terminal, "TREND");
	terminal_send(terminal, "d7\r");
	EXPECT_SHOWS(terminal, "every 7s");
	terminal_send(terminal, "d-1\r");
	EXPECT_SHOWS(terminal, "'-1' is no interval");
	terminal_send(terminal, " ");
	EXPECT_SHOWS(terminal, "frozen");
	/* And waits, rather than looking for something to do. */
	before = time_of(terminal);
	EXPECT_NE(0U, before);
	usleep(500000);
	EXPECT_LT(time_of(terminal) - before, 250000000U);
	terminal_send(terminal, " ");
	EXPECT_TRUE(terminal_hides(terminal, "frozen"));
	terminal_send(terminal, "]");
	EXPECT_SHOWS(terminal, "only a capture has other samples");
	expect_quit(_metadata, terminal);
}

/* The rows come in that order, whatever was written there before. */
TEST_F(top, order)
{
	struct terminal *terminal = &self->terminal;
	struct synthetic synthetic;
	unsigned int i;

	synthetic_make(&synthetic, &layout_own);
	for (i = 0; i < 3; i++)
		synthetic_add_record(&synthetic, i, i + 1);
	terminal_start(terminal, 80, 24, XTERM, "top", "--debugfs", synthetic.dir, "-o",
		       "pid,pss,comm", "-s", "pss", NULL);
	EXPECT_SHOWS(terminal, "  1 ");
	EXPECT_EQ(0, strncmp(terminal_line(terminal, 4), "  3", 3));
	terminal_send(terminal, "r");
	EXPECT_TRUE(terminal_shows(terminal, "  1 "));
	terminal_send(terminal, "spid\r");
	EXPECT_SHOWS(terminal, "  1 ");
	EXPECT_EQ(0, strncmp(terminal_line(terminal, 4), "  1", 3))
	TH_LOG("%s", terminal_line(terminal, 4));
	EXPECT_EQ(0, strncmp(terminal_line(terminal, 6), "  3", 3));
	terminal_send(terminal, ">");
	expect_quit(_metadata, terminal);
	synthetic_remove(&synthetic);
}

TEST_F(top, ended_by_a_signal)
{
	struct terminal *terminal = &self->terminal;

	terminal_start(terminal, 80, 24, XTERM, "top", "--source=proc", NULL);
	EXPECT_SHOWS(terminal, "COMMAND");
	kill(terminal->pid, SIGTERM);
	EXPECT_EQ(-SIGTERM, terminal_finish(terminal));
	EXPECT_TRUE(terminal_is_restored(terminal));
}

TEST_F(top, terminals_that_will_not_do)
{
	struct terminal *terminal = &self->terminal;

	terminal_start(terminal, 80, 24, "TERM=no-such-terminal", "top", "--source=proc", NULL);
	EXPECT_EQ(1, terminal_finish(terminal));
	EXPECT_TRUE(terminal_wrote(terminal, "'no-such-terminal' is not known here"));
	terminal_free(terminal);
	terminal_start(terminal, 80, 24, "TERM=dumb", "top", "--source=proc", NULL);
	EXPECT_EQ(1, terminal_finish(terminal));
	EXPECT_TRUE(terminal_wrote(terminal, "a terminal of kind 'dumb' has no screen"));
	run(&self->run, "top", NULL);
	EXPECT_EQ(2, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.err, "standard output is no terminal: --batch"));
}

TEST_F(top, batch)
{
	char pid[16], *at;
	int times = 0;

	run(&self->run, "top", "-b", "-n", "3", "-d", "0.1", "-r", "-o", "pid,growth,trend,comm",
	    "-c", NAME, "--source=proc", NULL);
	EXPECT_EQ(0, self->run.status)
	TH_LOG("%s", self->run.err);
	EXPECT_NE(NULL, strstr(self->run.out, "PID +/MIN TREND COMMAND\n"));
	/* It holds still, and the first time there is nothing to compare it with. */
	snprintf(pid, sizeof(pid), "\n%d 0 ", self->pid);
	for (at = self->run.out; (at = strstr(at, pid)); at++)
		times++;
	EXPECT_EQ(2, times)
	TH_LOG("%s", self->run.out);
	run_free(&self->run);
	run(&self->run, "top", "-b", "-n", "0", NULL);
	EXPECT_EQ(2, self->run.status);
	run_free(&self->run);
	run(&self->run, "top", "-b", "2147483647", "--source=proc", NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.err, "there is no process 2147483647"));
}

TEST_HARNESS_MAIN
