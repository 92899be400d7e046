// SPDX-License-Identifier: GPL-2.0
/* Doing the same again and again, at even intervals. */
#include "repeat.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "say.h"
#include "seconds.h"

#define SECOND_NS	1000000000LL

bool repeat_parse_count(const char *text, unsigned long *count)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*count = strtoul(text, &end, 10);
	return !errno && !*end && *count;
}

/* Complains about values that make no sense, in the name of @command. */
enum status repeat_begin(struct repeat *repeat, const struct request *request,
			 const char *command)
{
	*repeat = (struct repeat) { .left = 1 };
	if (!request->watch) {
		if (!request->count)
			return STATUS_OK;
		say_usage(command, "--count goes with --watch");
		return STATUS_USAGE;
	}
	if (!seconds_option(command, "interval", request->watch, REPEAT_INTERVAL_MIN,
			    &repeat->interval_ns))
		return STATUS_USAGE;
	repeat->forever = !request->count;
	if (request->count && !repeat_parse_count(request->count, &repeat->left)) {
		say_usage(command, "'%s' is no number of times", request->count);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

static long long until(const struct timespec *then, const struct timespec *now)
{
	return (then->tv_sec - now->tv_sec) * SECOND_NS + then->tv_nsec - now->tv_nsec;
}

static void add(struct timespec *time, long long ns)
{
	ns += time->tv_nsec;
	time->tv_sec += ns / SECOND_NS;
	time->tv_nsec = ns % SECOND_NS;
}

/* The next beat that is still to come: one that was missed is not made up for. */
static void wait_for_beat(struct repeat *repeat)
{
	struct timespec now;
	long long late;

	add(&repeat->next, repeat->interval_ns);
	clock_gettime(CLOCK_MONOTONIC, &now);
	late = -until(&repeat->next, &now);
	if (late > 0)
		add(&repeat->next, (late / repeat->interval_ns + 1) * repeat->interval_ns);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &repeat->next, NULL) == EINTR)
		;
}

/*
 * Waits until the next round is due; the first one always is. What was written by the
 * last one is shown before.
 *
 * Return: false when there are no more, or nobody reads them.
 */
bool repeat_next(struct repeat *repeat)
{
	if (!repeat->forever && !repeat->left)
		return false;
	repeat->again = repeat->begun;
	if (repeat->begun) {
		if (fflush(stdout) || ferror(stdout))
			return false;
		wait_for_beat(repeat);
	} else {
		clock_gettime(CLOCK_MONOTONIC, &repeat->next);
		repeat->begun = true;
	}
	repeat->left -= !repeat->forever;
	return true;
}

void repeat_heading(const struct repeat *repeat, const struct request *request)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[16];

	if (!request->watch || request->json || request->raw || request->no_headings)
		return;
	strftime(text, sizeof(text), "%H:%M:%S", localtime_r(&now, &tm));
	printf("%s%s\n", repeat->again ? "\n" : "", text);
}
