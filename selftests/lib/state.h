/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that bring themselves into some state, say what they should look like,
 * and then hold still: what they mapped and did themselves is the arithmetic that
 * memclass is held against, besides the kernel's own words.
 */
#ifndef SELFTESTS_STATE_H
#define SELFTESTS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "oracle.h"

#define STATE_MAX_PROCESSES	16
#define STATE_MAX_EXPECTED	256

struct state_message;

struct state {
	pid_t root;
	int reports;
	pid_t pids[STATE_MAX_PROCESSES];
	unsigned int nr_pids;
	struct state_message *expected;
	unsigned int nr_expected;
	bool quiet;			/* differences are counted, not printed */
	char skip[192];			/* why the state cannot be made here */
	char failure[192];		/* what went wrong while it was made */
};

/* Forks a process that runs @build; returns when all of the state holds still. */
void state_make(struct state *state, void (*build)(const void *argument),
		const void *argument);

/* Compares all processes of the state. Returns the number of differences. */
unsigned int state_check(const struct state *state, size_t pages);

/* Has this process of the state said so of itself, with expect_shared_mm()? */
bool state_is_shared_mm(const struct state *state, pid_t pid);

/* Ends all processes of the state. */
void state_end(struct state *state);

/*
 * What follows is for the processes of the state.
 */

/* This process cannot go on: the state does not exist here, or something is wrong. */
__attribute__((noreturn, format(printf, 1, 2))) void state_skip(const char *format, ...);
__attribute__((noreturn, format(printf, 1, 2))) void state_fail(const char *format, ...);

/* For calls that have to succeed. */
#define MUST(condition) \
	do { \
		if (!(condition)) \
			state_fail("%s:%d: %s: %m", __func__, __LINE__, #condition); \
	} while (0)

/* All mappings in the range have this class, and there is one. */
void expect_class(const void *addr, size_t length, enum memclass_class class);

/* The mappings in the range, of which none reaches out of it, sum up to that. */
void expect_bytes(const void *addr, size_t length, unsigned int column, uint64_t bytes);
void expect_between(const void *addr, size_t length, unsigned int column, uint64_t low,
		    uint64_t high);
#define EXPECT_BYTES(addr, length, column, bytes) \
	expect_bytes(addr, length, MEMCLASS_COLUMN_##column, bytes)

/* How many mappings there are in the range. */
void expect_vmas(const void *addr, size_t length, unsigned int nr);

/* The same for all mappings of the process. */
void expect_total(unsigned int column, uint64_t low, uint64_t high);

/* And for those of one class. */
void expect_in_class(enum memclass_class class, unsigned int column, uint64_t sum);

/* What is expected from now on, is expected of another process: one that cannot say so. */
void expect_of(pid_t pid);

/* This process is marked as one that has its memory in common with an earlier one. */
void expect_shared_mm(void);

/* Its files in /proc are read from this thread's directory: the leader has ended. */
void compare_thread(pid_t tid);

/* The counts of status may be off, by so many pages for each thread. */
void compare_slack(unsigned int pages);

/*
 * Before 6.2 each thread kept some of its mm's counts to itself, and status lacked
 * them, until it unmapped something. state_hold() does this.
 */
void give_back_counts(void);

/* Another process of the state, forked from this one; it holds still after @build. */
pid_t state_fork(void (*build)(const void *argument), const void *argument);

/*
 * For processes that do not come from state_fork(): before one is made, and in it.
 * state_hold() does not return; state_holds() is for a process that holds still by
 * other means.
 */
void state_join(void);
__attribute__((noreturn)) void state_hold(void);
void state_holds(pid_t pid);

#endif /* SELFTESTS_STATE_H */
