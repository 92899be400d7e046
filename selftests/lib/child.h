/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that a test forks and that do as they are told, and what tests let them do.
 */
#ifndef SELFTESTS_CHILD_H
#define SELFTESTS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MIB		(1UL << 20)
#define SEC		1000000000ULL

uint64_t now_ns(void);

/*
 * For what is done again and again: as often as asked for, but on a machine that takes
 * its time, or a kernel with KASAN and lockdep, for no longer than some seconds and at
 * least a few times.
 */
struct rounds {
	unsigned int number;
	unsigned int seconds;		/* half a one unless it is said */
	uint64_t began_ns;
};

bool again(struct rounds *rounds, unsigned int often);

/*
 * A process that the test forked, and a socket to it. Either side sends a byte when
 * it has got somewhere and waits for the other's: nobody sleeps for a time.
 */
struct child {
	pid_t pid;
	int socket;
};

/*
 * Forks a child that runs @body and waits until it says so for the first time; when
 * @body returns it is idle. pid -1: it could not be forked, or ended at once.
 */
struct child child_start(void (*body)(const struct child *parent, void *data), void *data);

/* Kills it, if there is one. Return: its wait status, or -1. */
int child_end(struct child *child);

/* For both sides. Waiting returns false when the other side is gone. */
void child_tell(const struct child *other);
bool child_wait(const struct child *other);

/* The same without waiting: has it been told? */
bool child_wait_now(const struct child *other);

/* Tells it to go on, and waits until it got there. */
bool child_step(const struct child *child);

/* In the child, when it has nothing else to do: until the test ends. */
__attribute__((noreturn)) void child_idle(const struct child *parent);

/* In every process that is forked: it must not outlive the test. */
void die_with_parent(void);

/*
 * What takes long to walk and has little memory: one mapping with a single page, the
 * one of zeroes, in each GiB, and otherwise holes. A child does not inherit its page
 * tables. Return: where it is, or NULL.
 */
char *map_sparse(size_t gib);

/*
 * A thread that wants mmap_lock for writing, again and again; it has one mapping, @page
 * or one of its own when that is NULL, so that it takes no address away from others.
 * Never returns.
 */
void *want_mmap_lock(void *page);

/* The start of a process in clock ticks, as in /proc/PID/stat; 0: there is none. */
uint64_t proc_start_ticks(pid_t pid);

/* Is it the same start, as far as a clock tick can tell? */
bool start_is(uint64_t start_ns, uint64_t ticks);

#endif /* SELFTESTS_CHILD_H */
