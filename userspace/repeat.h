/* SPDX-License-Identifier: GPL-2.0 */
#ifndef REPEAT_H
#define REPEAT_H

#include <stdbool.h>
#include <time.h>

#include "command.h"

/*
 * What --watch and --count ask for, of commands that have OPTION_WATCH:
 *
 *	status = repeat_begin(&repeat, request, "name");
 *	while (!status && repeat_next(&repeat))
 *		status = ...;
 *
 * Without --watch that is one round.
 */
struct repeat {
	bool forever;
	unsigned long left;		/* rounds, unless it goes on forever */
	bool begun;
	long long interval_ns;
	struct timespec next;		/* CLOCK_MONOTONIC */
};

enum status repeat_begin(struct repeat *repeat, const struct request *request,
			 const char *command);
bool repeat_next(struct repeat *repeat);

#endif /* REPEAT_H */
