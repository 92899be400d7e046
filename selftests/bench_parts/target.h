/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that are read.
 */
#ifndef SELFTESTS_BENCH_TARGET_H
#define SELFTESTS_BENCH_TARGET_H

#include <sys/types.h>

/*
 * A child that has made itself ready and sleeps. Without @prepare it becomes a small
 * program: this one, begun anew with --sleep FD.
 */
pid_t spawn(void (*prepare)(void *arg), void *arg);
void reap(pid_t pid);

/* What that does: tells by the descriptor that it is ready. Does not return. */
void sleep_ready(int fd);

/* Until it sleeps, which the programs that this is for do when they are ready. */
void await_sleep(pid_t pid);

#endif /* SELFTESTS_BENCH_TARGET_H */
