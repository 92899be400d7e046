// SPDX-License-Identifier: GPL-2.0
/* How far a process, a cgroup or the machine is from the limits that it can run into. */
#include "headroom.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_limits.h"
#include "counters.h"
#include "source.h"

#define LIMITS_MAX	(sizeof(((struct headroom *)0)->limits) / sizeof(struct headroom_limit))

uint64_t headroom_left(const struct headroom_limit *limit)
{
	return limit->used < limit->max ? limit->max - limit->used : 0;
}

uint64_t headroom_room(const struct headroom_limit *limit)
{
	uint64_t kept = limit->used > limit->droppable ? limit->used - limit->droppable : 0;

	return kept < limit->max ? limit->max - kept : 0;
}

static struct headroom_limit *find(struct headroom *headroom, const char *name)
{
	size_t i;

	for (i = 0; i < headroom->nr; i++)
		if (!strcmp(headroom->limits[i].name, name))
			return &headroom->limits[i];
	return NULL;
}

void headroom_add(struct headroom *headroom, struct headroom_limit limit)
{
	struct headroom_limit *same = find(headroom, limit.name);

	if (same && headroom_left(same) > headroom_left(&limit)) {
		free(same->cgroup);
		*same = limit;
	} else if (!same && headroom->nr < LIMITS_MAX) {
		headroom->limits[headroom->nr++] = limit;
	} else {
		free(limit.cgroup);
	}
}

void headroom_copy(struct headroom *headroom, const struct headroom *from)
{
	size_t i;

	*headroom = *from;
	for (i = 0; i < from->nr; i++)
		if (from->limits[i].cgroup)
			headroom->limits[i].cgroup = strdup(from->limits[i].cgroup);
}

void headroom_free(struct headroom *headroom)
{
	size_t i;

	for (i = 0; i < headroom->nr; i++)
		free(headroom->limits[i].cgroup);
	memset(headroom, 0, sizeof(*headroom));
}

const struct headroom_limit *headroom_nearest(const struct headroom *headroom,
					      enum limit_of of)
{
	const struct headroom_limit *nearest = NULL, *limit = headroom->limits;

	for (; limit < headroom->limits + headroom->nr; limit++)
		if (limit->of == of &&
		    (!nearest || headroom_left(limit) < headroom_left(nearest)))
			nearest = limit;
	return nearest;
}

/* Of what there may be nothing, nothing is used up until something is there. */
static long double used_part(const struct headroom_limit *limit)
{
	return limit->max ? (long double)limit->used / limit->max : !!limit->used;
}

/* By the part that is used; of those equally used, what has least left. */
static int compare(const void *left, const void *right)
{
	const struct headroom_limit *a = left, *b = right;
	long double used_a = used_part(a), used_b = used_part(b);
	uint64_t left_a = headroom_left(a), left_b = headroom_left(b);

	if (used_a != used_b)
		return used_a > used_b ? -1 : 1;
	return (left_a > left_b) - (left_a < left_b);
}

void headroom_sort(struct headroom *headroom)
{
	qsort(headroom->limits, headroom->nr, sizeof(headroom->limits[0]), compare);
}

/*
 * Files of /proc.
 */

#define FILE_MAX	8192

__attribute__((format(printf, 3, 4))) static bool
read_text(char *text, size_t size, const char *format, ...)
{
	char path[PATH_MAX];
	size_t length;
	va_list args;
	FILE *file;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	file = fopen(path, "re");
	if (!file)
		return false;
	length = fread(text, 1, size - 1, file);
	text[length] = '\0';
	fclose(file);
	return length;
}

static uint64_t read_number(const char *path)
{
	char text[64];

	return read_text(text, sizeof(text), "%s", path) ? strtoull(text, NULL, 10) : 0;
}

/* What stands behind @name at the beginning of a line, or NULL. */
static const char *find_line(const char *text, const char *name)
{
	size_t length = strlen(name);

	while (strncmp(text, name, length)) {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	return text + length;
}

/* Return: false for "unlimited", and where the line is missing. */
static bool find_number(const char *text, const char *name, uint64_t *number)
{
	const char *at = find_line(text, name);
	char *end;

	if (!at)
		return false;
	*number = strtoull(at, &end, 10);
	return end != at;
}

/* From the end of the name, which can hold anything: field 22 is the start in ticks. */
#define STAT_FORMAT \
	") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu"

static bool is_same(const struct process *process)
{
	char text[FILE_MAX];
	const char *at;
	unsigned long long ticks;

	if (!read_text(text, sizeof(text), "/proc/%d/stat", process->pid))
		return false;
	at = strrchr(text, ')');
	return at && sscanf(at, STAT_FORMAT, &ticks) == 1 &&
	       ticks == process->start_ns / (1000000000 / sysconf(_SC_CLK_TCK));
}

/*
 * The machine.
 */

/* What can be dropped is not used up. */
static void add_memory(struct headroom *headroom, const struct counters *counters)
{
	struct headroom_limit limit = { .name = "ram+swap", .of = LIMIT_OF_MEMORY };

	limit.max = counters_get(counters, "MemTotal") + counters_get(counters, "SwapTotal");
	limit.used = limit.max - counters_get(counters, "MemAvailable") -
		     counters_get(counters, "SwapFree");
	headroom_add(headroom, limit);
}

/* The kernel holds to it only when it is told to. */
static void add_commitment(struct headroom *headroom, const struct counters *counters)
{
	if (read_number("/proc/sys/vm/overcommit_memory") == 2)
		headroom_add(headroom, (struct headroom_limit) {
					       .name = "overcommit",
					       .of = LIMIT_OF_COMMITMENT,
					       .used = counters_get(counters, "Committed_AS"),
					       .max = counters_get(counters, "CommitLimit"),
				       });
}

static void add_huge_pages(struct headroom *headroom, const struct counters *counters)
{
	const uint64_t size = counters_get(counters, "Hugepagesize");
	const uint64_t total = counters_get(counters, "HugePages_Total");

	if (total)
		headroom_add(headroom,
			     (struct headroom_limit) {
				     .name = "hugepages",
				     .of = LIMIT_OF_HUGE_PAGES,
				     .used = size * (total - counters_get(counters, "HugePages_Free")),
				     .max = size * total,
			     });
}

static void add_threads(struct headroom *headroom)
{
	struct headroom_limit limit = {
		.name = "kernel.threads-max",
		.of = LIMIT_OF_THREADS,
		.max = read_number("/proc/sys/kernel/threads-max"),
	};
	unsigned long long threads;
	char text[128];

	if (!limit.max || !read_text(text, sizeof(text), "/proc/loadavg") ||
	    sscanf(text, "%*s %*s %*s %*u/%llu", &threads) != 1)
		return;
	limit.used = threads;
	headroom_add(headroom, limit);
}

static void add_machine(struct headroom *headroom)
{
	struct counters counters;

	add_threads(headroom);
	if (counters_read_meminfo(&counters))
		return;
	add_memory(headroom, &counters);
	add_commitment(headroom, &counters);
	add_huge_pages(headroom, &counters);
	counters_free(&counters);
}

void headroom_of_machine(struct headroom *headroom)
{
	memset(headroom, 0, sizeof(*headroom));
	add_machine(headroom);
	headroom_sort(headroom);
}

/*
 * A process.
 */

/* User space is this large with four levels of page tables; five only when asked for. */
#define ADDRESSES	(1ULL << 47)

static const struct rlimit_row {
	const char *name;
	enum limit_of of;
	const char *in_limits;		/* the line of /proc/PID/limits, or NULL: always the same */
	uint64_t max;
	const char *in_status;		/* what counts for it, in kB */
} rlimits[] = {
	{ "RLIMIT_AS", LIMIT_OF_ADDRESSES, "Max address space", 0, "VmSize:" },
	{ "RLIMIT_DATA", LIMIT_OF_DATA, "Max data size", 0, "VmData:" },
	{ "RLIMIT_STACK", LIMIT_OF_STACK, "Max stack size", 0, "VmStk:" },
	{ "RLIMIT_MEMLOCK", LIMIT_OF_LOCKED, "Max locked memory", 0, "VmLck:" },
	{ "address space", LIMIT_OF_ADDRESSES, NULL, ADDRESSES, "VmSize:" },
};

static void add_rlimits(struct headroom *headroom, pid_t pid)
{
	char limits[FILE_MAX], status[FILE_MAX];
	const struct rlimit_row *row = rlimits;
	uint64_t used, max;

	if (!read_text(limits, sizeof(limits), "/proc/%d/limits", pid) ||
	    !read_text(status, sizeof(status), "/proc/%d/status", pid))
		return;
	for (; row < rlimits + sizeof(rlimits) / sizeof(rlimits[0]); row++) {
		max = row->max;
		if ((!row->in_limits || find_number(limits, row->in_limits, &max)) &&
		    find_number(status, row->in_status, &used))
			headroom_add(headroom, (struct headroom_limit) {
						       .name = row->name,
						       .of = row->of,
						       .used = used * 1024,
						       .max = max,
					       });
	}
}

/* The vsyscall page is in the file, and no mapping of the process. */
static uint64_t count_mappings(pid_t pid)
{
	char path[32], *line = NULL;
	uint64_t mappings = 0;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	while (file && getline(&line, &room, file) > 0)
		mappings += !strstr(line, " [vsyscall]\n");
	free(line);
	if (file)
		fclose(file);
	return mappings;
}

static void add_mappings(struct headroom *headroom, const struct process *process)
{
	struct headroom_limit limit = {
		.name = "vm.max_map_count",
		.of = LIMIT_OF_MAPPINGS,
		.max = read_number("/proc/sys/vm/max_map_count"),
	};

	if (!counts_get(&process->total, COLUMN_BIT(vmas), &limit.used))
		limit.used = count_mappings(process->pid);
	if (limit.max && limit.used)
		headroom_add(headroom, limit);
}

static void read_oom_score(struct headroom *headroom, pid_t pid)
{
	char score[32], adj[32];

	headroom->scored = read_text(score, sizeof(score), "/proc/%d/oom_score", pid) &&
			   read_text(adj, sizeof(adj), "/proc/%d/oom_score_adj", pid);
	if (!headroom->scored)
		return;
	headroom->oom_score = strtoul(score, NULL, 10);
	headroom->oom_score_adj = strtol(adj, NULL, 10);
}

void headroom_of_process(struct headroom *headroom, const struct process *process)
{
	memset(headroom, 0, sizeof(*headroom));
	if (!is_same(process))
		return;
	add_rlimits(headroom, process->pid);
	add_mappings(headroom, process);
	cgroup_limits_of_process(headroom, process->pid);
	add_machine(headroom);
	read_oom_score(headroom, process->pid);
	/* All that was read in between is another one's if it is not there any more. */
	if (!is_same(process))
		headroom_free(headroom);
	headroom_sort(headroom);
}
