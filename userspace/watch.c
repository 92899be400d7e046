// SPDX-License-Identifier: GPL-2.0
/* memclass watch: what is growing, and what that looks like. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "filter.h"
#include "pid.h"
#include "replay.h"
#include "say.h"
#include "seconds.h"
#include "source.h"
#include "watch_report.h"

#define SECOND	1000000000ULL

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* The first one ends the watch, and what was found is shown; the second ends it all. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = interrupt, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/*
 * What was asked for.
 */

struct target {
	pid_t pid;
	uint64_t start_ns;		/* a later process with its pid is another one */
};

struct plan {
	struct watch watch;
	long long interval_ns;
	long long length_ns;		/* 0: until it is interrupted */
	struct target *targets;
	size_t nr_targets;
};

static bool parse_pids(struct plan *plan, char **operands, int count)
{
	int i;

	plan->targets = calloc(count + 1, sizeof(*plan->targets));
	if (!plan->targets) {
		say_error("out of memory");
		return false;
	}
	for (i = 0; i < count; i++) {
		if (!pid_parse(operands[i], &plan->targets[i].pid)) {
			say_usage("watch", "'%s' is not a process id", operands[i]);
			return false;
		}
	}
	plan->nr_targets = count;
	return true;
}

static bool make_plan(struct plan *plan, const struct request *request, char **operands,
		      int count)
{
	int ways = !!count + request->all + !!request->cgroup + !!request->name;

	if (ways > 1) {
		say_usage("watch", "one of PID..., --all, --cgroup and --name");
		return false;
	}
	plan->interval_ns = SECOND;
	plan->length_ns = 60 * SECOND;
	plan->watch.request = request;
	plan->watch.chosen = count || request->cgroup || request->name;
	plan->watch.subjects.by_name = request->cgroup || request->name;
	plan->watch.subjects.keep_ended = plan->watch.chosen;
	return seconds_option("watch", "interval", request->interval, SAMPLE_INTERVAL_MIN,
			      &plan->interval_ns) &&
	       seconds_option("watch", "time", request->duration, 0, &plan->length_ns) &&
	       parse_pids(plan, operands, count);
}

/*
 * Samples.
 */

static bool is_wanted(const struct plan *plan, const struct process *process)
{
	const struct request *request = plan->watch.request;
	bool itself = process->pid == getpid() && !plan->watch.subjects.capture;

	/* Memory that is also another process's is counted there. */
	if (itself || process->shared_mm)
		return false;
	if (request->name)
		return !strcmp(request->name, process->comm);
	return !request->cgroup || filter_is_in_cgroup(process, request->cgroup);
}

static enum status take(struct plan *plan, struct process *process)
{
	bool taken = subjects_take(&plan->watch.subjects, process);

	process_free(process);
	return taken ? STATUS_OK : STATUS_FAILURE;
}

static enum status sample_all(struct plan *plan, struct source *source)
{
	enum source_result result;
	struct process process;

	for (result = source_first_process(source, &process); result == SOURCE_GOT;
	     result = source_next_process(source, &process)) {
		if (!is_wanted(plan, &process))
			process_free(&process);
		else if (take(plan, &process))
			return STATUS_FAILURE;
	}
	return result == SOURCE_END ? STATUS_OK : STATUS_FAILURE;
}

static enum status sample_target(struct plan *plan, struct source *source,
				 struct target *target)
{
	struct process process;

	switch (source_process(source, target->pid, &process)) {
	case SOURCE_GOT:
		break;
	case SOURCE_END:
		if (target->start_ns)
			return STATUS_OK;
		source_say_why_missing(source, target->pid);
		return STATUS_FAILURE;
	default:
		return STATUS_FAILURE;
	}
	if (!target->start_ns)
		target->start_ns = process.start_ns;
	if (target->start_ns == process.start_ns)
		return take(plan, &process);
	process_free(&process);
	return STATUS_OK;
}

static enum status sample_targets(struct plan *plan, struct source *source)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; !status && i < plan->nr_targets; i++)
		status = sample_target(plan, source, &plan->targets[i]);
	return status;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

/* In the middle: a walk over all takes a while. */
static uint64_t time_of_sample(uint64_t began)
{
	return began + (now_ns() - began) / 2;
}

/* @recorded_ns: when it was, in a capture. */
static enum status sample(struct plan *plan, struct source *source, uint64_t recorded_ns)
{
	uint64_t began = now_ns();
	enum status status;

	subjects_begin(&plan->watch.subjects);
	status = plan->nr_targets ? sample_targets(plan, source) : sample_all(plan, source);
	if (!status && !subjects_end(&plan->watch.subjects, recorded_ns ?: time_of_sample(began)))
		status = STATUS_FAILURE;
	plan->watch.samples += !status;
	return status;
}

/* A sample that took longer than the interval does not make the next ones hurry. */
static void wait_until(uint64_t *next, uint64_t step)
{
	uint64_t now = now_ns();
	struct timespec until;

	*next += step;
	if (*next < now)
		*next += (now - *next) / step * step + step;
	until = (struct timespec) { *next / SECOND, *next % SECOND };
	while (!interrupted &&
	       clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* Nobody is left whose pid it would be; a name can come back. */
static bool all_ended(const struct plan *plan)
{
	return plan->nr_targets && !subjects_alive(&plan->watch.subjects);
}

/* Only the module knows classes without looking at mappings, and only root at everybody's. */
static enum status say_hidden(const struct plan *plan)
{
	if (plan->watch.subjects.capture) {
		say_error("nothing to judge by: %s does not have the classes of these processes",
			  plan->watch.request->source);
		return STATUS_FAILURE;
	}
	if (plan->watch.request->cheap) {
		say_usage("watch", "nothing to judge by: without the module --cheap sees no classes");
		return STATUS_USAGE;
	}
	say_error("not permitted: the mappings of these processes need their user, or root");
	return STATUS_NOT_PERMITTED;
}

static enum status sample_again_and_again(struct plan *plan, struct source *source)
{
	uint64_t began = now_ns(), next = began, watched;
	enum status status;

	for (;;) {
		status = sample(plan, source, 0);
		watched = now_ns() - began;
		plan->watch.seconds = watched / 1e9;
		if (!status && subjects_all_hidden(&plan->watch.subjects))
			return say_hidden(plan);
		if (status || interrupted || all_ended(plan))
			return status;
		if (plan->length_ns && watched + plan->interval_ns > (uint64_t)plan->length_ns)
			return STATUS_OK;
		wait_until(&next, plan->interval_ns);
		if (interrupted)
			return STATUS_OK;
	}
}

/* What was recorded is there at once. */
static enum status replay(struct plan *plan, struct source *capture)
{
	uint64_t begin = replay_choose(capture, 0), now = begin;
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < replay_samples(capture) && !status; i++) {
		now = replay_choose(capture, i);
		status = sample(plan, capture, now);
	}
	plan->watch.seconds = (now - begin) / 1e9;
	return !status && subjects_all_hidden(&plan->watch.subjects) ? say_hidden(plan) : status;
}

static enum status report(const struct plan *plan)
{
	const struct request *request = plan->watch.request;

	if (plan->watch.chosen && !plan->watch.subjects.count) {
		say_error("there was no process %s %s", request->name ? "called" : "in",
			  request->name ?: request->cgroup);
		return STATUS_FAILURE;
	}
	return watch_report(&plan->watch);
}

static void say_how_long(const struct plan *plan)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (plan->length_ns)
		fprintf(stderr, "watching for %.0fs; ctrl-c ends it earlier\n",
			plan->length_ns / 1e9);
	else
		fprintf(stderr, "watching until ctrl-c\n");
}

static enum status watch_live(struct plan *plan, struct source *source)
{
	catch_signals();
	say_how_long(plan);
	if (!plan->watch.chosen && !subjects_add_machine(&plan->watch.subjects))
		return STATUS_FAILURE;
	return sample_again_and_again(plan, source);
}

static enum status watch_capture(struct plan *plan, struct source *capture)
{
	const struct request *request = plan->watch.request;

	if (request->interval || request->duration) {
		say_usage("watch", "when the samples of '%s' are taken is no longer to be chosen",
			  request->source);
		return STATUS_USAGE;
	}
	plan->watch.subjects.capture = capture;
	if (!plan->watch.chosen && !replay_add_machine(&plan->watch.subjects, capture))
		return STATUS_FAILURE;
	return replay(plan, capture);
}

static enum status watch(struct plan *plan)
{
	struct source *source;
	enum status status;

	status = source_open(&source, plan->watch.request);
	if (status)
		return status;
	status = source_is_live(source) ? watch_live(plan, source) : watch_capture(plan, source);
	if (!status)
		status = report(plan);
	source_close(source);
	return status;
}

static enum status run(const struct request *request, char **operands, int count)
{
	struct plan plan = { 0 };
	enum status status = STATUS_USAGE;

	if (make_plan(&plan, request, operands, count))
		status = watch(&plan);
	subjects_free(&plan.watch.subjects);
	free(plan.targets);
	return status;
}

const struct command watch_command = {
	.name = "watch",
	.operands = "[PID...]",
	.summary = "what is growing, how fast, and what that looks like",
	.details = "Takes samples for a while, then says of each class of memory how fast it grows,\n"
		   "and whether that looks like a leak. Without a PID: of all processes and of the\n"
		   "machine. Each second for a minute, unless --interval and --for say otherwise. Exit\n"
		   "status 3: a leak is suspected.\n"
		   "'memclass classes' explains classes, memclass(8) the verdicts.\n",
	.options = OPTION_JSON | OPTION_TABLE | OPTION_SOURCE | OPTION_CHEAP | OPTION_SUBJECT |
		   OPTION_PACE,
	.min_operands = 0,
	.max_operands = -1,
	.listing = &watch_listing,
	.run = run,
};
