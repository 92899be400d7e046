// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parts.h"
#include "reader.h"
#include "target.h"

extern char **environ;

struct system_cost {
	double full, cheap, rollup, smaps;
};

/*
 * These processes, which were made one after the other; the sums of their classes are
 * made, as a client would.
 */
static double read_all_records(uint64_t flags, const pid_t *pids, size_t n)
{
	static uint64_t sums[MEMCLASS_NR_CLASSES];
	const pid_t last = pids[n - 1];
	int fd = open_or_die(MODULE_DIR "records");
	uint64_t began = now();
	ssize_t size = 0, i;
	size_t seen = 0;
	int class;

	if (lseek(fd, (uint64_t)pids[0] * sizeof(*records) | flags, SEEK_SET) < 0)
		err(1, "lseek");
	while (seen < n && (size = read(fd, records, BATCH * sizeof(*records))) > 0) {
		for (i = 0; i < size / (ssize_t)sizeof(*records); i++) {
			for (class = 0; class < MEMCLASS_NR_CLASSES; class ++)
				sums[class] += records[i].classes[class].rss;
			seen += records[i].pid <= (uint32_t)last;
		}
	}
	began = now() - began;
	if (size < 0)
		err(1, "records");
	if (seen != n)
		errx(1, "%zu processes read, %zu made", seen, n);
	asm volatile("" : : "r"(sums) : "memory");
	close(fd);
	return began;
}

static double read_all_proc(uint64_t (*read_it)(pid_t), const pid_t *pids, size_t n)
{
	uint64_t began = now();
	size_t i;

	for (i = 0; i < n; i++)
		read_it(pids[i]);
	return now() - began;
}

static void least(double *value, double new)
{
	if (!*value || new < *value)
		*value = new;
}

static void measure_system(struct system_cost *cost, const pid_t *pids, size_t n)
{
	int i;

	memset(cost, 0, sizeof(*cost));
	for (i = 0; i < ROUNDS; i++) {
		least(&cost->rollup, read_all_proc(read_rollup, pids, n) / n);
		least(&cost->smaps, read_all_proc(read_smaps, pids, n) / n);
		least(&cost->full, read_all_records(0, pids, n) / n);
		least(&cost->cheap, read_all_records(MEMCLASS_OFFSET_CHEAP, pids, n) / n);
	}
}

static void start_many(const char *program, pid_t *pids, size_t n)
{
	char *const args[] = { (char *)program, "1000000", NULL };
	size_t i;

	for (i = 0; i < n; i++) {
		if (!program)
			pids[i] = spawn(NULL, NULL);
		else if (posix_spawn(&pids[i], program, NULL, NULL, args, environ))
			err(1, "%s", program);
	}
	for (i = 0; program && i < n; i++)
		await_sleep(pids[i]);
}

static void end_many(const pid_t *pids, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	for (i = 0; i < n; i++)
		waitpid(pids[i], NULL, 0);
}

static void system_rows(const char *kind, const struct system_cost *cost, size_t n)
{
	char name[64], unit[64];

	snprintf(name, sizeof(name), "system/%s/full", kind);
	row(name, cost->full, "instructions/process", "smaps_rollup", cost->rollup, 0.25);
	row(name, cost->full, "instructions/process", "smaps", cost->smaps, 0.125);
	snprintf(name, sizeof(name), "system/%s/cheap", kind);
	row(name, cost->cheap, "instructions/process", "smaps_rollup", cost->rollup, 0);
	snprintf(name, sizeof(name), "system/%s/total", kind);
	snprintf(unit, sizeof(unit), "instructions/%zu processes", n);
	row(name, cost->full * n, unit, "smaps_rollup", cost->rollup * n, 0);
}

void bench_program(const char *program, size_t n)
{
	struct system_cost cost;
	pid_t *pids = calloc(n, sizeof(*pids));

	if (!pids)
		err(1, "calloc");
	start_many(program, pids, n);
	measure_system(&cost, pids, n);
	system_rows("dynamic", &cost, n);
	end_many(pids, n);
	free(pids);
}

void bench_system(size_t n)
{
	struct system_cost few, many;
	const size_t few_n = n / 10;
	pid_t *pids = calloc(n, sizeof(*pids));

	if (!pids)
		err(1, "calloc");
	start_many(NULL, pids, few_n);
	measure_system(&few, pids, few_n);
	start_many(NULL, pids + few_n, n - few_n);
	measure_system(&many, pids, n);
	system_rows("static", &few, few_n);
	/* Linear growth: a process costs the same among many. */
	row("system/growth-10x-processes", many.full, "instructions/process",
	    "itself among a tenth", few.full, GROWTH_BAR);
	end_many(pids, n);
	free(pids);
}

/* A program's run from its start to its end, what it prints thrown away. */
static double cost_of_run(char *const args[])
{
	posix_spawn_file_actions_t actions;
	uint64_t best = UINT64_MAX, began;
	int i, status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	for (i = 0; i < 3; i++) {
		began = now();
		if (posix_spawnp(&pid, args[0], &actions, NULL, args, environ))
			err(1, "%s", args[0]);
		if (waitpid(pid, &status, 0) != pid || status)
			errx(1, "%s failed", args[0]);
		began = now() - began;
		if (began < best)
			best = began;
	}
	posix_spawn_file_actions_destroy(&actions);
	return best;
}

/* Those that were made, and what else runs: who looks at all reads all. */
static double cost_of_rollups(bool who, size_t made)
{
	uint64_t began = now();
	size_t nr = read_each_rollup(who);

	began = now() - began;
	if (nr < made)
		errx(1, "%zu processes read, %zu made", nr, made);
	return began;
}

void bench_tools(const char *program, size_t n)
{
	char *const memclass[] = { "memclass", "ps", NULL };
	char *const smem[] = { "smem", NULL };
	char *const ps[] = { "ps", "-eo", "pid,rss,vsz,comm", NULL };
	pid_t *pids = calloc(n, sizeof(*pids));
	double cost;

	if (!pids)
		err(1, "calloc");
	start_many(program, pids, n);
	cost = cost_of_run(memclass);
	row("tool/memclass-ps", cost, "instructions", "smem", cost_of_run(smem), 0.125);
	row("tool/memclass-ps", cost, "instructions", "ps, smaps_rollup",
	    cost_of_run(ps) + cost_of_rollups(false, n), 0.3333);
	end_many(pids, n);
	free(pids);
}

/* Series are lines that are no comment. */
static void size_of_export(const char *path, double *series, double *bytes)
{
	FILE *file = fopen(path, "re");
	char line[4096];

	if (!file)
		err(1, "%s", path);
	for (*series = 0, *bytes = 0; fgets(line, sizeof(line), file); *bytes += strlen(line))
		*series += *line != '#';
	fclose(file);
}

/* It keeps samples of growth: what it costs is looked at when there are many. */
#define EXPORTS_BEFORE	10

/*
 * An export of all processes, against one that reads of each who it is and its rollup. The
 * rollup alone is told as well.
 */
void bench_export(const char *program, size_t n)
{
	/* In memory: a disk would be waited for. */
	static char textfile[] = "/run/bench.prom", history[] = "/run/bench.history";
	char *const export[] = { "memclass", "export", "--textfile", textfile, "--history", history,
				 NULL };
	double cost = 0, rollup = 0, exporter = 0, series, bytes;
	pid_t *pids = calloc(n, sizeof(*pids));
	char name[64];
	int i;

	if (!pids)
		err(1, "calloc");
	start_many(program, pids, n);
	for (i = 0; i < EXPORTS_BEFORE; i++)
		cost_of_run(export);
	cost = cost_of_run(export);
	for (i = 0; i < ROUNDS; i++) {
		least(&rollup, cost_of_rollups(false, n));
		least(&exporter, cost_of_rollups(true, n));
	}
	size_of_export(textfile, &series, &bytes);
	snprintf(name, sizeof(name), "export/%zu-processes", n);
	row(name, cost, "instructions", "stat, smaps_rollup", exporter, n < 1000 ? 0 : 1.0 / 3);
	row(name, cost, "instructions", "smaps_rollup", rollup, 0);
	snprintf(name, sizeof(name), "export/%zu-processes/series", n);
	row(name, series, "series", "the most that there may be", 400, 1);
	snprintf(name, sizeof(name), "export/%zu-processes/bytes", n);
	row(name, bytes, "bytes", NULL, 0, 0);
	end_many(pids, n);
	unlink(textfile);
	unlink(history);
	free(pids);
}
