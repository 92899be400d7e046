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
	bool again;			/* it is not the first round */
	long long interval_ns;
	struct timespec next;		/* CLOCK_MONOTONIC */
};

/* In seconds: so often costs the machine more than it tells. */
#define REPEAT_INTERVAL_MIN	0.1

/* False: that is no number of rounds. */
bool repeat_parse_count(const char *text, unsigned long *count);

enum status repeat_begin(struct repeat *repeat, const struct request *request,
			 const char *command);
bool repeat_next(struct repeat *repeat);

/* Above a table for people: what time it is, when there are several. */
void repeat_heading(const struct repeat *repeat, const struct request *request);

#endif /* REPEAT_H */
