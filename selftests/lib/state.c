// SPDX-License-Identifier: GPL-2.0
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compare.h"

/* A comparison is tried so often: the machine can be busy with what came before. */
#define TRIES	100

enum kind {
	NOTHING,
	JOIN,		/* there will be one more process */
	HOLD,		/* a process holds still */
	SKIP,
	FAIL,
	CLASS,
	BYTES,
	VMAS,
	TOTAL,
	IN_CLASS,
	SHARED_MM,
	THREAD,
	SLACK,
};

/* What a process of the state says to the test; shorter than PIPE_BUF. */
struct state_message {
	enum kind kind;
	pid_t pid;
	uint64_t start;
	uint64_t end;
	unsigned int column;	/* or class, or a number */
	uint64_t low;
	uint64_t high;
	char text[192];
};

/* Where a process of the state says it, and of whom, if not of itself. */
static int report_fd = -1;
static pid_t expected_of;

void expect_of(pid_t pid)
{
	expected_of = pid;
}

static void report(const struct state_message *message)
{
	if (write(report_fd, message, sizeof(*message)) != sizeof(*message))
		_exit(EXIT_FAILURE);
}

static void report_text(enum kind kind, const char *format, va_list args)
{
	struct state_message message = { .kind = kind, .pid = getpid() };

	vsnprintf(message.text, sizeof(message.text), format, args);
	report(&message);
	_exit(EXIT_FAILURE);
}

void state_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report_text(SKIP, format, args);
	va_end(args);
	abort();
}

void state_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report_text(FAIL, format, args);
	va_end(args);
	abort();
}

static void expect(enum kind kind, const void *addr, size_t length, unsigned int column,
		   uint64_t low, uint64_t high)
{
	struct state_message message = {
		.kind = kind,
		.pid = expected_of ?: getpid(),
		.start = (uintptr_t)addr,
		.end = (uintptr_t)addr + length,
		.column = column,
		.low = low,
		.high = high,
	};

	report(&message);
}

void expect_class(const void *addr, size_t length, enum memclass_class class)
{
	expect(CLASS, addr, length, class, 0, 0);
}

void expect_bytes(const void *addr, size_t length, unsigned int column, uint64_t bytes)
{
	expect(BYTES, addr, length, column, bytes, bytes);
}

void expect_between(const void *addr, size_t length, unsigned int column, uint64_t low,
		    uint64_t high)
{
	expect(BYTES, addr, length, column, low, high);
}

void expect_vmas(const void *addr, size_t length, unsigned int nr)
{
	expect(VMAS, addr, length, nr, 0, 0);
}

void expect_total(unsigned int column, uint64_t low, uint64_t high)
{
	expect(TOTAL, NULL, 0, column, low, high);
}

void expect_in_class(enum memclass_class class, unsigned int column, uint64_t sum)
{
	expect(IN_CLASS, NULL, class, column, sum, sum);
}

void expect_shared_mm(void)
{
	expect(SHARED_MM, NULL, 0, 0, 0, 0);
}

void compare_thread(pid_t tid)
{
	expect(THREAD, NULL, 0, tid, 0, 0);
}

void compare_slack(unsigned int pages)
{
	expect(SLACK, NULL, 0, pages, 0, 0);
}

void state_join(void)
{
	expect(JOIN, NULL, 0, 0, 0, 0);
}

void state_holds(pid_t pid)
{
	struct state_message message = { .kind = HOLD, .pid = pid };

	report(&message);
}

void give_back_counts(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	MUST(memory != MAP_FAILED);
	*memory = 1;
	MUST(!munmap(memory, page));
}

void state_hold(void)
{
	struct state_message message = { .kind = NOTHING, .pid = getpid() };
	int pass;

	/* The first pass brings in the memory that the second one needs. */
	for (pass = 0; pass < 2; pass++) {
		poll(NULL, 0, 0);
		give_back_counts();
		if (pass)
			message.kind = HOLD;
		report(&message);
	}
	for (;;)
		poll(NULL, 0, -1);
}

/* Ends with its parent, whatever becomes of that. */
static void begin_process(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
}

pid_t state_fork(void (*build)(const void *argument), const void *argument)
{
	pid_t parent = getpid(), pid;

	state_join();
	pid = fork();
	MUST(pid >= 0);
	if (pid)
		return pid;
	begin_process(parent);
	build(argument);
	state_hold();
}

/* Returns how many more processes have to be waited for than before. */
static int take_message(struct state *state, const struct state_message *message)
{
	switch (message->kind) {
	case NOTHING:
		return 0;
	case JOIN:
		return 1;
	case HOLD:
		if (state->nr_pids == STATE_MAX_PROCESSES)
			snprintf(state->failure, sizeof(state->failure), "too many processes");
		else
			state->pids[state->nr_pids++] = message->pid;
		return -1;
	case SKIP:
		snprintf(state->skip, sizeof(state->skip), "%s", message->text);
		return 0;
	case FAIL:
		snprintf(state->failure, sizeof(state->failure), "%s", message->text);
		return 0;
	default:
		if (state->nr_expected == STATE_MAX_EXPECTED)
			snprintf(state->failure, sizeof(state->failure), "too much to expect");
		else
			state->expected[state->nr_expected++] = *message;
		return 0;
	}
}

static void collect(struct state *state)
{
	struct pollfd poll_fd = { .fd = state->reports, .events = POLLIN };
	struct state_message message;
	int missing = 1;

	while (missing && !state->skip[0] && !state->failure[0]) {
		/* The root's end shows only as an end of file once all have ended. */
		if (!poll(&poll_fd, 1, 200)) {
			siginfo_t info = {};

			waitid(P_PID, state->root, &info, WEXITED | WNOHANG | WNOWAIT);
			if (info.si_pid && !poll(&poll_fd, 1, 0))
				snprintf(state->failure, sizeof(state->failure),
					 "the process ended by itself: %d", info.si_status);
			continue;
		}
		if (read(state->reports, &message, sizeof(message)) != sizeof(message))
			snprintf(state->failure, sizeof(state->failure),
				 "the processes ended by themselves");
		else
			missing += take_message(state, &message);
	}
}

void state_make(struct state *state, void (*build)(const void *argument), const void *argument)
{
	pid_t parent = getpid();
	int fds[2];

	memset(state, 0, sizeof(*state));
	state->expected = calloc(STATE_MAX_EXPECTED, sizeof(*state->expected));
	/* Orphans of the state come to this process, for state_end() to wait for. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!state->expected || pipe2(fds, O_CLOEXEC)) {
		snprintf(state->failure, sizeof(state->failure), "no pipe or no memory");
		return;
	}
	fflush(NULL);
	state->root = fork();
	if (!state->root) {
		begin_process(parent);
		close(fds[0]);
		report_fd = fds[1];
		build(argument);
		state_hold();
	}
	close(fds[1]);
	state->reports = fds[0];
	if (state->root < 0)
		snprintf(state->failure, sizeof(state->failure), "cannot fork");
	else
		collect(state);
}

void state_end(struct state *state)
{
	unsigned int i;

	for (i = 0; i < state->nr_pids; i++)
		kill(state->pids[i], SIGKILL);
	if (state->root > 0)
		kill(state->root, SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
	close(state->reports);
	free(state->expected);
}

/* Says what was expected, and what there is. */
static unsigned int complain(const struct state *state, const struct state_message *message,
			     const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static unsigned int complain(const struct state *state, const struct state_message *message,
			     const char *format, ...)
{
	va_list args;

	if (state->quiet)
		return 1;
	fprintf(stderr, "# pid %d %lx-%lx: ", message->pid, message->start, message->end);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return 1;
}

/* Returns the number of differences: 1 or 0. */
static unsigned int check_expected(const struct state *state,
				   const struct comparison *comparison,
				   const struct state_message *message)
{
	unsigned int column = message->column;
	struct comparison_range range;
	uint64_t bytes;

	comparison_range(comparison, message->start, message->end, &range);
	switch (message->kind) {
	case CLASS:
		if (range.vmas && range.classes == 1ULL << column)
			return 0;
		return complain(state, message, "classes %#lx of %u mappings, expected %s",
				range.classes, range.vmas, class_name(column));
	case VMAS:
		if (!range.cut && range.vmas == column)
			return 0;
		return complain(state, message, "%u mappings, %u reach out; expected %u",
				range.vmas, range.cut, column);
	case BYTES:
		bytes = range.sum[column];
		if (!range.cut && bytes >= message->low && bytes <= message->high)
			return 0;
		return complain(state, message,
				"%s is %lu, expected %lu to %lu; %u mappings, %u reach out",
				oracle_column_name(column), bytes, message->low, message->high,
				range.vmas, range.cut);
	case TOTAL:
		bytes = oracle_get(&comparison->full.record.total, column);
		if (bytes >= message->low && bytes <= message->high)
			return 0;
		return complain(state, message, "%s is %lu in total, expected %lu to %lu",
				oracle_column_name(column), bytes, message->low, message->high);
	case IN_CLASS:
		bytes = oracle_get(&comparison->full.record.classes[message->end], column);
		if (bytes == message->low)
			return 0;
		return complain(state, message, "%s of class %s is %lu, expected %lu",
				oracle_column_name(column), class_name(message->end), bytes,
				message->low);
	default:
		return 0;
	}
}

bool state_is_shared_mm(const struct state *state, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < state->nr_expected; i++)
		if (state->expected[i].kind == SHARED_MM && state->expected[i].pid == pid)
			return true;
	return false;
}

static unsigned int check_process(const struct state *state, pid_t pid, size_t pages)
{
	struct oracle_options options = { .pages = pages };
	struct comparison comparison;
	bool shared_mm = state_is_shared_mm(state, pid);
	unsigned int differences, i;
	int err;

	for (i = 0; i < state->nr_expected; i++) {
		const struct state_message *message = &state->expected[i];

		if (message->pid != pid)
			continue;
		if (message->kind == THREAD)
			options.tid = message->column;
		if (message->kind == SLACK)
			options.slack = message->column;
	}
	err = comparison_take(&comparison, pid, &options, TRIES);
	if (err) {
		fprintf(stderr, "# pid %d: %s\n", pid,
			err == -EAGAIN ? "does not hold still" : strerror(-err));
		return 1;
	}
	differences = comparison_check(&comparison, state->quiet);
	if (!!(comparison.full.record.flags & MEMCLASS_SHARED_MM) != shared_mm) {
		if (!state->quiet)
			fprintf(stderr, "# pid %d: it is %smarked to have a shared mm\n", pid,
				shared_mm ? "not " : "");
		differences++;
	}
	for (i = 0; i < state->nr_expected; i++)
		if (state->expected[i].pid == pid)
			differences += check_expected(state, &comparison, &state->expected[i]);
	comparison_free(&comparison);
	return differences;
}

unsigned int state_check(const struct state *state, size_t pages)
{
	unsigned int differences = 0, i;

	for (i = 0; i < state->nr_pids; i++)
		differences += check_process(state, state->pids[i], pages);
	return differences;
}
