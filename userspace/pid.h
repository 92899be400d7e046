/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PID_H
#define PID_H

#include <stdbool.h>
#include <sys/types.h>

bool pid_parse(const char *text, pid_t *pid);
void pid_say_why_missing(pid_t pid);

/* Keeps a process apart from a later one with its pid. */
struct pid_watch {
	pid_t pid;
	int fd;				/* negative: it cannot be told */
};

void pid_watch_begin(struct pid_watch *watch, pid_t pid);
void pid_watch_say_why_cut_off(const struct pid_watch *watch);
void pid_watch_end(struct pid_watch *watch);

#endif /* PID_H */
