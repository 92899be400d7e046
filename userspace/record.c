// SPDX-License-Identifier: GPL-2.0
/* memclass record -o FILE [PID...]: keeps what there is to be seen, for later. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "cgroup_file.h"
#include "command.h"
#include "pid.h"
#include "say.h"
#include "seconds.h"
#include "user.h"

#define NS	1000000000ULL

struct recording {
	const struct request *request;
	struct source *source;
	struct capture_writer *writer;
	struct chosen {
		pid_t pid;
		bool hidden;		/* its mappings are not for this user */
	} *pids;			/* none: all processes */
	size_t nr_pids;
	long long interval_ns;		/* 0: a single sample */
	long long length_ns;		/* 0: until it is interrupted */
	uint64_t taken;
	uint64_t processes;		/* in the last sample */
};

/*
 * Interrupted, it takes a last sample and ends well. Who cannot wait for that
 * interrupts it once more.
 */
static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	if (interrupted) {
		capture_remove_unfinished();
		_exit(128 + signal);
	}
	interrupted = 1;
}

static void expect_interrupts(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = interrupt };
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

static uint64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * NS + time.tv_nsec;
}

/*
 * A sample.
 */

static bool put_process(struct recording *recording, struct process *process)
{
	snprintf(process->user, sizeof(process->user), "%s", user_name(process));
	process->cgroup = cgroup_path(process->pid);
	recording->processes++;
	return capture_put_process(recording->writer, process);
}

static bool put_all(struct recording *recording)
{
	enum source_result result;
	struct process process;
	bool done = true;

	result = source_first_process(recording->source, &process);
	while (result == SOURCE_GOT) {
		done = put_process(recording, &process);
		process_free(&process);
		if (!done)
			return false;
		result = source_next_process(recording->source, &process);
	}
	return result == SOURCE_END;
}

/* Those that have ended are no longer in it. */
static bool put_chosen(struct recording *recording)
{
	enum source_result result;
	struct process process;
	bool done;
	size_t i;

	for (i = 0; i < recording->nr_pids; i++) {
		result = source_process(recording->source, recording->pids[i].pid, &process);
		if (result == SOURCE_FAILED)
			return false;
		if (result != SOURCE_GOT)
			continue;
		recording->pids[i].hidden = process.classes_unknown;
		done = put_process(recording, &process);
		process_free(&process);
		if (!done)
			return false;
	}
	return true;
}

/* From @pid on, or of that process alone. One that ends meanwhile has some, or none. */
static bool put_mappings_from(struct recording *recording, pid_t pid)
{
	enum source_result result;
	struct vma vma;

	result = source_first_vma(recording->source, pid, &vma);
	for (;; result = source_next_vma(recording->source, &vma)) {
		if (result == SOURCE_CUT_OFF && !pid)
			continue;
		if (result != SOURCE_GOT || (pid && vma.pid != pid))
			break;
		if (!capture_put_mapping(recording->writer, &vma))
			return false;
	}
	return result >= SOURCE_END;
}

static bool put_mappings(struct recording *recording)
{
	size_t i;

	if (!recording->nr_pids)
		return put_mappings_from(recording, 0);
	for (i = 0; i < recording->nr_pids; i++)
		if (!recording->pids[i].hidden &&
		    !put_mappings_from(recording, recording->pids[i].pid))
			return false;
	return true;
}

static bool put_faults(struct recording *recording)
{
	struct all_faults faults;
	bool done;

	if (!source_has_faults(recording->source))
		return true;
	if (source_faults(recording->source, &faults))
		return false;
	done = capture_put_faults(recording->writer, &faults);
	all_faults_free(&faults);
	return done;
}

/* What the kernel counts of its memory, in bytes where it is memory. */
static bool put_counters(struct recording *recording)
{
	struct counters counters;
	bool done = true;
	size_t i;

	if (source_counters(recording->source, &counters))
		return false;
	for (i = 0; i < counters.nr && done; i++)
		done = capture_put_counter(recording->writer, counters.list[i].name,
					   counters.list[i].value);
	counters_free(&counters);
	return done;
}

/* @last: with the mappings, which are too many to be taken each time. */
static bool take_sample(struct recording *recording, bool last)
{
	recording->taken++;
	recording->processes = 0;
	return capture_begin_sample(recording->writer, now(CLOCK_REALTIME),
				    now(CLOCK_BOOTTIME)) &&
	       (recording->nr_pids ? put_chosen(recording) : put_all(recording)) &&
	       put_faults(recording) && put_counters(recording) &&
	       (!last || put_mappings(recording)) && capture_end_sample(recording->writer);
}

/*
 * All of them.
 */

static void wait_until(uint64_t ns)
{
	struct timespec time = { .tv_sec = ns / NS, .tv_nsec = ns % NS };

	while (!interrupted &&
	       clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

static bool all_have_ended(const struct recording *recording)
{
	return recording->taken && recording->nr_pids && !recording->processes;
}

/* Each at its time: one that took longer than the interval makes no other one late. */
static bool take_samples(struct recording *recording)
{
	uint64_t begin = now(CLOCK_MONOTONIC), next = begin;
	bool last = false;

	while (!last && !all_have_ended(recording)) {
		wait_until(next);
		next += recording->interval_ns;
		if (next < now(CLOCK_MONOTONIC))
			next = now(CLOCK_MONOTONIC);
		last = !recording->interval_ns || interrupted ||
		       (recording->length_ns && next > begin + recording->length_ns);
		if (!take_sample(recording, last))
			return false;
	}
	return true;
}

static bool put_names(struct recording *recording, const char *fact,
		      const char *(*name)(unsigned int number, char *buffer))
{
	char names[COUNTED_MAX * (CLASS_NAME_MAX + 1)] = "", buffer[CLASS_NAME_MAX];
	unsigned int i;
	size_t at = 0;

	for (i = 0; i < COUNTED_MAX && name(i, buffer); i++)
		at += sprintf(names + at, "%s%s", i ? " " : "", name(i, buffer));
	return capture_put_fact(recording->writer, fact, names);
}

/* Without the module's names there are those of memclass.h. */
static const char *class_type_of(unsigned int class, char *buffer)
{
	(void)buffer;
	return class_type_name(class);
}

static const char *class_of(unsigned int class, char *buffer)
{
	return class_type_name(class) ? class_name(buffer, class) : NULL;
}

static const char *column_of(unsigned int column, char *buffer)
{
	(void)buffer;
	return column_name(column);
}

static const char *boot_id(char *id, int size)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!file || !fgets(id, size, file))
		*id = '\0';
	id[strcspn(id, "\n")] = '\0';
	if (file)
		fclose(file);
	return id;
}

static bool put_facts(struct recording *recording)
{
	const char *source = source_name(recording->source);
	char version[VERSION_MAX] = "", id[64];
	struct utsname system;

	uname(&system);
	if (strcmp(source, "proc") && source_version(recording->request, version, sizeof(version)))
		return false;
	return put_names(recording, FACT_CLASS_NAMES, class_of) &&
	       put_names(recording, FACT_CLASS_TYPES, class_type_of) &&
	       put_names(recording, FACT_COLUMN_NAMES, column_of) &&
	       capture_put_fact(recording->writer, FACT_CLIENT, MEMCLASS_VERSION) &&
	       capture_put_fact(recording->writer, FACT_SOURCE, source) &&
	       capture_put_fact(recording->writer, FACT_HOST, system.nodename) &&
	       capture_put_fact(recording->writer, FACT_KERNEL, system.release) &&
	       capture_put_fact(recording->writer, FACT_BOOT, boot_id(id, sizeof(id))) &&
	       capture_put_fact(recording->writer, FACT_PROCESSES,
				recording->nr_pids ? "some" : "all") &&
	       capture_put_fact(recording->writer, FACT_VERSION, version);
}

/* A process that is not there to begin with is a mistake. */
static enum status check_pids(struct recording *recording)
{
	enum source_result result;
	struct process process;
	size_t i;

	for (i = 0; i < recording->nr_pids; i++) {
		result = source_process(recording->source, recording->pids[i].pid, &process);
		if (result == SOURCE_END)
			source_say_why_missing(recording->source, recording->pids[i].pid);
		if (result != SOURCE_GOT)
			return STATUS_FAILURE;
		process_free(&process);
	}
	return STATUS_OK;
}

static enum status write_capture(struct recording *recording)
{
	const char *path = recording->request->output;
	enum status status;

	expect_interrupts();
	status = capture_create(&recording->writer, path);
	if (status)
		return status;
	if (!put_facts(recording) || !take_samples(recording)) {
		capture_abandon(recording->writer);
		return STATUS_FAILURE;
	}
	status = capture_finish(recording->writer);
	if (!status && isatty(STDERR_FILENO))
		fprintf(stderr, "%" PRIu64 " sample%s\n", recording->taken,
			recording->taken == 1 ? "" : "s");
	return status;
}

/*
 * What was asked for.
 */

static enum status wrong_usage(const char *what, const char *text)
{
	say_usage("record", what, text);
	return STATUS_USAGE;
}

static enum status parse(struct recording *recording, const struct request *request,
			 char **operands, int count)
{
	int i;

	if (!request->output)
		return wrong_usage("record wants -o FILE%s", "");
	if (request->source && strcmp(request->source, "module") &&
	    strcmp(request->source, "proc"))
		return wrong_usage("'%s' was recorded already: --source module or proc",
				   request->source);
	if (!seconds_option("record", "interval", request->interval, SAMPLE_INTERVAL_MIN,
			    &recording->interval_ns) ||
	    !seconds_option("record", "time", request->duration, 0, &recording->length_ns))
		return STATUS_USAGE;
	if (request->duration && !request->interval)
		recording->interval_ns = NS;
	recording->request = request;
	recording->nr_pids = count;
	for (i = 0; i < count; i++)
		if (!pid_parse(operands[i], &recording->pids[i].pid))
			return wrong_usage("'%s' is not a process id", operands[i]);
	return STATUS_OK;
}

static int compare_pids(const void *left, const void *right)
{
	return ((const struct chosen *)left)->pid - ((const struct chosen *)right)->pid;
}

/* Who is named twice is there once. */
static void sort_pids(struct recording *recording)
{
	size_t i, kept = 0;

	if (!recording->nr_pids)
		return;
	qsort(recording->pids, recording->nr_pids, sizeof(*recording->pids), compare_pids);
	for (i = 1; i < recording->nr_pids; i++)
		if (recording->pids[i].pid != recording->pids[kept].pid)
			recording->pids[++kept] = recording->pids[i];
	recording->nr_pids = kept + 1;
}

static enum status record(struct recording *recording)
{
	enum status status = source_open(&recording->source, recording->request);

	if (status)
		return status;
	status = check_pids(recording);
	if (!status)
		status = write_capture(recording);
	source_close(recording->source);
	return status;
}

static enum status run(const struct request *request, char **operands, int count)
{
	struct recording recording = { 0 };
	enum status status;

	recording.pids = calloc(count + 1, sizeof(*recording.pids));
	if (!recording.pids) {
		say_error("out of memory");
		return STATUS_FAILURE;
	}
	status = parse(&recording, request, operands, count);
	sort_pids(&recording);
	if (!status)
		status = record(&recording);
	free(recording.pids);
	return status;
}

const struct command record_command = {
	.name = "record",
	.operands = "[PID...]",
	.summary = "keep what there is to be seen, for later",
	.details = "Writes a capture of the processes, or of all, to the FILE that -o names: once, or\n"
		   "again and again with --interval, or each second with --for alone. All commands\n"
		   "read it with --source FILE: the last sample, with the mappings; 'report' and\n"
		   "'diff' show what has changed.\n"
		   "It is a SQLite database, which memclass(8) explains.\n",
	.options = OPTION_OUTPUT | OPTION_PACE | OPTION_SOURCE | OPTION_CHEAP,
	.min_operands = 0,
	.max_operands = -1,
	.run = run,
};
