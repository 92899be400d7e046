// SPDX-License-Identifier: GPL-2.0
/*
 * workload KIND COURSE [NAME=VALUE...]: a process that takes memory of one kind, along
 * a course of time. It says "ready" and its pid, waits for a line or the end of its
 * input, and begins. When its time is over, or SIGTERM comes, it says what it did.
 *
 *	rate	KiB a minute (1024)	noise	half of the KiB that come on top, at random (0)
 *	seconds	until it ends (600)	seed	of what is random (1)
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "kind.h"

#define SECOND	1000000000ULL

static struct settings {
	unsigned long rate;
	unsigned long noise;
	unsigned long seconds;
	unsigned long seed;
} settings = { 1024, 0, 600, 1 };

/*
 * Courses: how much there is to be after so much time, in bytes.
 */

static double a_minute(void)
{
	return settings.rate * KIB;
}

static double leak(double seconds)
{
	return a_minute() * seconds / 60;
}

static double steady(double seconds)
{
	(void)seconds;
	return a_minute();
}

/* Half of a plateau after some seconds, half of the rest after as long again, ... */
#define HALF_LIFE	6

static double warmup(double seconds)
{
	double left = 1, part = 1 - seconds / HALF_LIFE;

	for (; part < 0; part++)
		left /= 2;
	return 8 * a_minute() * (1 - left * (1 + part) / 2);
}

/* Collected after a while: no two whiles are the same. */
#define PERIOD	12

static double sawtooth(double seconds)
{
	static double began, period = PERIOD;

	while (seconds - began >= period) {
		began += period;
		period = PERIOD * (0.75 + drand48() / 2);
	}
	return 8 * a_minute() * (seconds - began) / PERIOD;
}

static const struct course {
	const char *name;
	double (*amount)(double seconds);
} courses[] = {
	{ "leak", leak },
	{ "steady", steady },
	{ "warmup", warmup },
	{ "sawtooth", sawtooth },
};

#define NR_COURSES	(sizeof(courses) / sizeof(courses[0]))

static const struct course *course_find(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COURSES; i++)
		if (!strcmp(courses[i].name, name))
			return &courses[i];
	return NULL;
}

/*
 * Following one.
 */

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

static size_t wanted_units(const struct kind *kind, const struct course *course, double seconds)
{
	double amount = course->amount(seconds) + settings.noise * KIB * 2 * drand48();

	return amount / kind->unit;
}

/* Return: how many units it has at the end. */
static size_t follow(const struct kind *kind, const struct course *course)
{
	static const struct timespec tick = { .tv_nsec = SECOND / 10 };
	uint64_t began = now_ns();
	size_t have = 0, want;
	double seconds = 0;

	while (!ended && seconds < settings.seconds) {
		want = wanted_units(kind, course, seconds);
		while (!ended && have < want)
			kind->take(have++);
		while (kind->give_back && have > want)
			kind->give_back(--have);
		nanosleep(&tick, NULL);
		seconds = (double)(now_ns() - began) / SECOND;
	}
	return have;
}

static int parse_setting(const char *text)
{
	static const struct {
		const char *name;
		unsigned long *value;
	} names[] = {
		{ "rate=", &settings.rate },
		{ "noise=", &settings.noise },
		{ "seconds=", &settings.seconds },
		{ "seed=", &settings.seed },
	};
	size_t i, length;
	char *rest;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		length = strlen(names[i].name);
		if (strncmp(text, names[i].name, length))
			continue;
		*names[i].value = strtoul(text + length, &rest, 10);
		return rest != text + length && !*rest;
	}
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "Usage: workload KIND leak|steady|warmup|sawtooth [rate=KIB] [noise=KIB] "
			"[seconds=N] [seed=N]\nKIND:");
	kind_list();
	fprintf(stderr, "\n");
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	const struct course *course = argc > 2 ? course_find(argv[2]) : NULL;
	const struct kind *kind = argc > 1 ? kind_find(argv[1]) : NULL;
	char comm[16], byte;
	uint64_t began;
	size_t units;
	int i;

	if (!kind || !course)
		return usage();
	for (i = 3; i < argc; i++)
		if (!parse_setting(argv[i]))
			return usage();
	snprintf(comm, sizeof(comm), "%.9s-%s", kind->name, course->name);
	prctl(PR_SET_NAME, comm);
	signal(SIGTERM, end);
	srand48(settings.seed);
	if (kind->prepare)
		kind->prepare();
	printf("ready %d\n", getpid());
	fflush(stdout);
	if (read(STDIN_FILENO, &byte, 1) < 0)
		return EXIT_FAILURE;
	began = now_ns();
	units = follow(kind, course);
	printf("%s %s: has %zu KiB after %.1f s\n", kind->name, course->name,
	       units * kind->unit / KIB, (double)(now_ns() - began) / SECOND);
	return EXIT_SUCCESS;
}
