/* SPDX-License-Identifier: GPL-2.0 */
/* Starts a program of workloads/, which waits until it is let go. */
#ifndef SELFTESTS_CLIENT_WORKLOAD_H
#define SELFTESTS_CLIENT_WORKLOAD_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct workload {
	pid_t pid;
	int input;
	FILE *output;
	char did[128];			/* workload_end(): what it said of itself */
};

/* The other arguments are NAME=VALUE, and end with NULL. Return: whether it is ready. */
bool workload_start(struct workload *workload, const char *kind, const char *course, ...);
bool workload_go(struct workload *workload);
void workload_end(struct workload *workload);

#endif /* SELFTESTS_CLIENT_WORKLOAD_H */
