// SPDX-License-Identifier: GPL-2.0
/* Chooses where the figures come from, and passes on what is asked of it. */
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "pid.h"
#include "say.h"
#include "source_ops.h"

/* Other words than these are names of files. */
#define MODULE	SOURCE_MODULE
#define PROC	"proc"

static bool is_asked_for(const struct request *request, const char *name)
{
	return request->source && !strcmp(request->source, name);
}

static bool is_file(const struct request *request)
{
	return request->source && !is_asked_for(request, MODULE) && !is_asked_for(request, PROC);
}

bool source_may_be_module(const struct request *request)
{
	return !request->source || is_asked_for(request, MODULE);
}

/* Nobody has said where from: what can be known without the module is better than nothing. */
static bool can_do_without(const struct request *request, enum status status)
{
	return !request->source && !request->debugfs &&
	       (status == STATUS_NO_MODULE || status == STATUS_NOT_PERMITTED);
}

static enum status open_module(struct source **source, const struct request *request)
{
	struct trouble trouble;
	enum status status, proc_status;

	status = source_module_open(source, request, &trouble);
	if (!status || !*trouble.text)
		return status;
	if (!can_do_without(request, status)) {
		say_error("%s", trouble.text);
		return status;
	}
	say_error("%s; reading /proc instead, which knows less", trouble.text);
	proc_status = source_proc_open(source, request);
	if (!proc_status)
		(*source)->no_module = status;
	return proc_status;
}

/* A word without a slash can be meant as one of those that are no files. */
enum status source_open_capture(struct source **source, const char *path)
{
	struct stat stat_of;

	if (!stat(path, &stat_of) && !S_ISREG(stat_of.st_mode)) {
		say_error("%s is no file", path);
		return STATUS_FAILURE;
	}
	if (!access(path, R_OK))
		return capture_open(source, path);
	if (errno == ENOENT && !strchr(path, '/'))
		say_error("there is no source '%s': " MODULE ", " PROC " or a file that 'memclass record' made",
			  path);
	else
		say_error("cannot open %s: %s", path, strerror(errno));
	return STATUS_FAILURE;
}

/* On success, source_close() ends what begins here. */
enum status source_open(struct source **source, const struct request *request)
{
	if (is_asked_for(request, PROC))
		return source_proc_open(source, request);
	if (is_file(request))
		return source_open_capture(source, request->source);
	return open_module(source, request);
}

void source_close(struct source *source)
{
	source->ops->close(source);
}

static enum status version_of_capture(const char *path, char *text, size_t size)
{
	struct source *source;
	const char *version;
	enum status status;

	status = source_open_capture(&source, path);
	if (status)
		return status;
	version = capture_fact(source, FACT_VERSION);
	snprintf(text, size, "%s", version ?: "");
	source_close(source);
	return STATUS_OK;
}

/* The text of the module's file "version". Cut at the end of @text. */
enum status source_version(const struct request *request, char *text, size_t size)
{
	struct trouble trouble;
	enum status status;

	*text = '\0';
	if (is_asked_for(request, PROC))
		return STATUS_OK;
	if (is_file(request))
		return version_of_capture(request->source, text, size);
	status = source_module_version(request, text, size, &trouble);
	if (status && *trouble.text)
		say_error("%s", trouble.text);
	return status;
}

static uint64_t now_ns(struct source *source)
{
	struct timespec now;

	if (source->ops->now_ns)
		return source->ops->now_ns(source);
	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static enum source_result finish_process(struct source *source, enum source_result result,
					 struct process *process)
{
	if (result == SOURCE_GOT && !process->read_ns)
		process->read_ns = now_ns(source);
	return result;
}

/* Return: END when there is no such process, or it has no memory. */
enum source_result source_process(struct source *source, pid_t pid, struct process *process)
{
	return finish_process(source, source->ops->process(source, pid, process), process);
}

enum source_result source_first_process(struct source *source, struct process *process)
{
	return finish_process(source, source->ops->first_process(source, process), process);
}

/* GOT has to be followed by process_free(), the others need not. */
enum source_result source_next_process(struct source *source, struct process *process)
{
	return finish_process(source, source->ops->next_process(source, process), process);
}

void process_free(struct process *process)
{
	free(process->classes);
	process->classes = NULL;
	free(process->cgroup);
	process->cgroup = NULL;
}

/* Why source_process() found none. */
void source_say_why_missing(struct source *source, pid_t pid)
{
	if (source->ops->say_why_missing)
		source->ops->say_why_missing(source, pid);
	else
		pid_say_why_missing(pid);
}

/* The mappings of @pid, then those of the processes that come after it. */
enum source_result source_first_vma(struct source *source, pid_t pid, struct vma *vma)
{
	return source->ops->first_vma(source, pid, vma);
}

enum source_result source_next_vma(struct source *source, struct vma *vma)
{
	return source->ops->next_vma(source, vma);
}

/* "module", "proc" or "capture". */
const char *source_name(const struct source *source)
{
	return source->ops->name;
}

/* That of the kernel module that is read, "" where it is none. */
const char *source_version_of_module(const struct source *source)
{
	return source->module_version;
}

/* What it says is of now, and of this machine. */
bool source_is_live(const struct source *source)
{
	return !source->ops->now_ns;
}

void source_set_cheap(struct source *source, bool cheap)
{
	if (source->ops->set_cheap)
		source->ops->set_cheap(source, cheap);
}

/* Until it is asked again, it is in nobody's way: the module can be unloaded. */
void source_rest(struct source *source)
{
	if (source->ops->rest)
		source->ops->rest(source);
}

/* Without a complaint if not. */
bool source_has_faults(struct source *source)
{
	return source->ops->faults &&
	       (!source->ops->has_faults || source->ops->has_faults(source));
}

/* For who can do nothing without page faults by class. */
enum status source_need_faults(const struct source *source)
{
	if (source->ops->faults)
		return STATUS_OK;
	say_error("only the module counts page faults by what they hit");
	return source->no_module ?: STATUS_FAILURE;
}

/* OK has to be followed by all_faults_free(). */
enum status source_faults(struct source *source, struct all_faults *faults)
{
	enum status status = source_need_faults(source);

	return status ?: source->ops->faults(source, faults);
}

enum status source_counters(struct source *source, struct counters *counters)
{
	if (source->ops->counters)
		return source->ops->counters(source, counters);
	return counters_read(counters);
}

enum status source_meminfo(struct source *source, struct counters *counters)
{
	if (source->ops->counters)
		return source->ops->counters(source, counters);
	return counters_read_meminfo(counters);
}

void all_faults_free(struct all_faults *faults)
{
	free(faults->classes);
	faults->classes = NULL;
}
