// SPDX-License-Identifier: GPL-2.0
/* How far a process is from the limits that it can run into. */
#include "headroom.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_file.h"
#include "counters.h"
#include "json.h"
#include "source.h"
#include "text.h"
#include "units.h"

#define LIMITS_MAX	(sizeof(((struct headroom *)0)->limits) / sizeof(struct headroom_limit))

uint64_t headroom_left(const struct headroom_limit *limit)
{
	return limit->used < limit->max ? limit->max - limit->used : 0;
}

/* Takes over the string that limit.cgroup is. */
static void add(struct headroom *headroom, struct headroom_limit limit)
{
	if (headroom->nr < LIMITS_MAX)
		headroom->limits[headroom->nr++] = limit;
	else
		free(limit.cgroup);
}

/*
 * Files of /proc/PID.
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
 * The limits of a process.
 */

static const struct rlimit_row {
	const char *name;
	const char *in_limits;		/* the line of /proc/PID/limits */
	const char *in_status;		/* what counts for it, in kB */
} rlimits[] = {
	{ "RLIMIT_AS", "Max address space", "VmSize:" },
	{ "RLIMIT_DATA", "Max data size", "VmData:" },
	{ "RLIMIT_STACK", "Max stack size", "VmStk:" },
	{ "RLIMIT_MEMLOCK", "Max locked memory", "VmLck:" },
};

static void add_rlimits(struct headroom *headroom, pid_t pid)
{
	char limits[FILE_MAX], status[FILE_MAX];
	uint64_t used, max;
	size_t i;

	if (!read_text(limits, sizeof(limits), "/proc/%d/limits", pid) ||
	    !read_text(status, sizeof(status), "/proc/%d/status", pid))
		return;
	for (i = 0; i < sizeof(rlimits) / sizeof(rlimits[0]); i++)
		if (find_number(limits, rlimits[i].in_limits, &max) &&
		    find_number(status, rlimits[i].in_status, &used))
			add(headroom, (struct headroom_limit) {
					      .name = rlimits[i].name,
					      .used = used * 1024,
					      .max = max,
				      });
}

static void add_mappings(struct headroom *headroom, const struct process *process)
{
	struct headroom_limit limit = {
		.name = "vm.max_map_count",
		.number = true,
		.max = read_number("/proc/sys/vm/max_map_count"),
	};

	if (limit.max && counts_get(&process->total, COLUMN_BIT(vmas), &limit.used))
		add(headroom, limit);
}

/* Of the whole machine; what can be dropped is not used up. */
static void add_system(struct headroom *headroom)
{
	struct counters counters;
	struct headroom_limit memory = { .name = "ram+swap" }, commit = { .name = "overcommit" };

	if (counters_read_meminfo(&counters))
		return;
	memory.max = counters_get(&counters, "MemTotal") + counters_get(&counters, "SwapTotal");
	memory.used = memory.max - counters_get(&counters, "MemAvailable") -
		      counters_get(&counters, "SwapFree");
	add(headroom, memory);
	commit.max = counters_get(&counters, "CommitLimit");
	commit.used = counters_get(&counters, "Committed_AS");
	if (read_number("/proc/sys/vm/overcommit_memory") == 2)
		add(headroom, commit);
	counters_free(&counters);
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

/*
 * The limits of a cgroup: those of all that it is in, too.
 */

static const struct cgroup_row {
	const char *name;
	const char *used;
} cgroup_limits[] = {
	{ "memory.max", "memory.current" },
	{ "memory.high", "memory.current" },
	{ "memory.swap.max", "memory.swap.current" },
	{ "memory.limit_in_bytes", "memory.usage_in_bytes" },
	{ "memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes" },
};

/* The least that is left anywhere from @cgroup up. */
static void add_cgroup_limit(struct headroom *headroom, const struct cgroup_place *place,
			     const struct cgroup_row *row)
{
	struct headroom_limit limit, nearest = { .name = row->name };
	char *cgroup = strdup(place->path), *slash;
	bool found = false;

	for (; cgroup; *slash = '\0') {
		limit = (struct headroom_limit) { .name = row->name };
		if (cgroup_file_number(place, cgroup, row->name, &limit.max) &&
		    cgroup_file_number(place, cgroup, row->used, &limit.used) &&
		    (!found || headroom_left(&limit) < headroom_left(&nearest))) {
			free(nearest.cgroup);
			nearest = limit;
			nearest.cgroup = strdup(*cgroup ? cgroup : "/");
			found = true;
		}
		slash = strrchr(cgroup, '/');
		if (!slash)
			break;
	}
	free(cgroup);
	if (found)
		add(headroom, nearest);
}

static void add_cgroup(struct headroom *headroom, const struct cgroup_place *place)
{
	size_t i;

	for (i = 0; i < sizeof(cgroup_limits) / sizeof(cgroup_limits[0]); i++)
		add_cgroup_limit(headroom, place, &cgroup_limits[i]);
}

static void add_cgroup_of(struct headroom *headroom, pid_t pid)
{
	struct cgroup_place place;

	if (!cgroup_place_of_process(&place, pid))
		return;
	add_cgroup(headroom, &place);
	cgroup_place_free(&place);
}

/*
 * All of them.
 */

/* By the part that is used; of those equally used, what has least left. */
static int compare(const void *left, const void *right)
{
	const struct headroom_limit *a = left, *b = right;
	long double used_a = a->max ? (long double)a->used / a->max : 1;
	long double used_b = b->max ? (long double)b->used / b->max : 1;
	uint64_t left_a = headroom_left(a), left_b = headroom_left(b);

	if (used_a != used_b)
		return used_a > used_b ? -1 : 1;
	return (left_a > left_b) - (left_a < left_b);
}

static void sort(struct headroom *headroom)
{
	qsort(headroom->limits, headroom->nr, sizeof(headroom->limits[0]), compare);
}

void headroom_of_process(struct headroom *headroom, const struct process *process)
{
	memset(headroom, 0, sizeof(*headroom));
	if (!is_same(process))
		return;
	add_rlimits(headroom, process->pid);
	add_mappings(headroom, process);
	add_cgroup_of(headroom, process->pid);
	add_system(headroom);
	read_oom_score(headroom, process->pid);
	/* All that was read in between is another one's if it is not there any more. */
	if (!is_same(process))
		headroom_free(headroom);
	sort(headroom);
}

void headroom_free(struct headroom *headroom)
{
	size_t i;

	for (i = 0; i < headroom->nr; i++)
		free(headroom->limits[i].cgroup);
	memset(headroom, 0, sizeof(*headroom));
}

/*
 * What is said of them.
 */

static const char *in_words(char text[UNITS_MAX], const struct headroom_limit *limit,
			    uint64_t value, bool plain)
{
	if (!plain && !limit->number)
		return units_bytes(text, value);
	snprintf(text, UNITS_MAX, "%" PRIu64, value);
	return text;
}

static void print_limit(const struct headroom_limit *limit, bool plain)
{
	char used[UNITS_MAX], max[UNITS_MAX], left[UNITS_MAX];
	char cgroup[TEXT_ESCAPED(256)];

	printf("  %-16s %s of %s used, %s left", limit->name,
	       in_words(used, limit, limit->used, plain),
	       in_words(max, limit, limit->max, plain),
	       in_words(left, limit, headroom_left(limit), plain));
	if (limit->cgroup)
		printf(", in %s", text_escape(cgroup, sizeof(cgroup), limit->cgroup));
	putchar('\n');
}

void headroom_print(const struct headroom *headroom, const struct request *request)
{
	size_t i;

	if (!headroom->nr)
		return;
	printf("headroom, nearest limits first");
	if (headroom->scored)
		printf("; OOM score %u, adjusted by %d", headroom->oom_score,
		       headroom->oom_score_adj);
	printf(":\n");
	for (i = 0; i < headroom->nr; i++)
		print_limit(&headroom->limits[i], request->bytes);
}

static void emit_limit(struct json *json, const struct headroom_limit *limit)
{
	json_open_object(json, NULL);
	json_string(json, "limit", limit->name);
	json_number(json, "used", limit->used);
	json_number(json, "max", limit->max);
	json_number(json, "left", headroom_left(limit));
	if (limit->cgroup)
		json_string(json, "cgroup", limit->cgroup);
	else
		json_null(json, "cgroup");
	json_close_object(json);
}

void headroom_emit(struct json *json, const struct headroom *headroom)
{
	size_t i;

	json_open_array(json, "headroom");
	for (i = 0; i < headroom->nr; i++)
		emit_limit(json, &headroom->limits[i]);
	json_close_array(json);
}

void headroom_emit_score(struct json *json, const struct headroom *headroom)
{
	if (headroom->scored) {
		json_number(json, "oom_score", headroom->oom_score);
		json_signed(json, "oom_score_adj", headroom->oom_score_adj);
	} else {
		json_null(json, "oom_score");
		json_null(json, "oom_score_adj");
	}
}
