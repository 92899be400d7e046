// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to read processes, against /proc doing the same in the same guest.
 * To be run with a clock that counts instructions (vm/run --icount): a nanosecond is
 * then an instruction, of kernel and program together. Prints a JSON row a line.
 *
 * bench_walk [--processes N] [--mib N] [--mappings N]
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "memclass.h"

#define DIR		"/sys/kernel/debug/memclass/"
#define ROUNDS		5
#define BATCH		64

static struct memclass_record records[BATCH];
static char text[4 << 20];

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* A row; @peer and @bar may be missing. */
static void row(const char *name, double value, const char *unit, const char *peer,
		double peer_value, double bar)
{
	printf("{\"name\": \"%s\", \"value\": %.1f, \"unit\": \"%s\"", name, value, unit);
	if (peer)
		printf(", \"peer\": \"%s\", \"ratio\": %.4f", peer, value / peer_value);
	else
		printf(", \"peer\": null, \"ratio\": null");
	if (bar)
		printf(", \"bar\": %.4f}\n", bar);
	else
		printf(", \"bar\": null}\n");
	fflush(stdout);
}

static int open_or_die(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

/* Readers of one process. Each returns its resident bytes, so that all can be held
 * against each other.
 */
static uint64_t read_record(pid_t pid, uint64_t flags)
{
	static int fd = -1;

	if (fd < 0)
		fd = open_or_die(DIR "records");
	if (pread(fd, records, sizeof(records[0]),
		  (uint64_t)pid * sizeof(records[0]) | flags) != sizeof(records[0]) ||
	    records[0].pid != (uint32_t)pid)
		err(1, "record of %d", pid);
	return records[0].total.rss;
}

static uint64_t read_full(pid_t pid)
{
	return read_record(pid, 0);
}

static uint64_t read_cheap(pid_t pid)
{
	return read_record(pid, MEMCLASS_OFFSET_CHEAP);
}

/* Every value of every line is taken, as a program that wants them would. */
static uint64_t parse_smaps(const char *s)
{
	uint64_t rss = 0, sum = 0;

	while (*s) {
		const char *line = s;

		s = strchr(s, '\n');
		if (!s)
			break;
		s++;
		/* A field begins with a capital, a mapping with its address. */
		if (*line < 'A' || *line > 'Z')
			continue;
		line = strchr(line, ':');
		if (!line)
			continue;
		if (!strncmp(line - 3, "Rss", 3))
			rss += strtoull(line + 1, NULL, 10);
		else
			sum += strtoull(line + 1, NULL, 10);
	}
	/* Keeps the compiler from leaving the others out. */
	asm volatile("" : : "r"(sum));
	return rss << 10;
}

static uint64_t read_proc(pid_t pid, const char *name)
{
	char path[64];
	size_t len = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open_or_die(path);
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
	return parse_smaps(text);
}

static uint64_t read_rollup(pid_t pid)
{
	return read_proc(pid, "smaps_rollup");
}

static uint64_t read_smaps(pid_t pid)
{
	return read_proc(pid, "smaps");
}

/* The least of several rounds. */
static double cost_of(uint64_t (*read_it)(pid_t), pid_t pid, uint64_t rss)
{
	uint64_t best = UINT64_MAX, began, got;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		began = now();
		got = read_it(pid);
		began = now() - began;
		if (got != rss)
			errx(1, "resident bytes of %d: %llu, not %llu", pid,
			     (unsigned long long)got, (unsigned long long)rss);
		if (began < best)
			best = began;
	}
	return best;
}

static void sleep_ready(int fd)
{
	if (write(fd, "", 1) != 1)
		_exit(1);
	close(fd);
	for (;;)
		pause();
}

/*
 * A child that has made itself ready and sleeps. Without @prepare it becomes a small
 * program: this one, begun anew.
 */
static pid_t spawn(void (*prepare)(void *arg), void *arg)
{
	char byte, fd[16];
	int ready[2];
	pid_t pid;

	if (pipe(ready))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		if (prepare) {
			prepare(arg);
			sleep_ready(ready[1]);
		}
		snprintf(fd, sizeof(fd), "%d", ready[1]);
		execl("/proc/self/exe", "small", "--sleep", fd, NULL);
		_exit(1);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		errx(1, "a target could not be prepared");
	close(ready[0]);
	return pid;
}

static void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

struct region {
	size_t bytes;
	int advice;
	int fd;
};

static void map_region(void *arg)
{
	const struct region *region = arg;
	const size_t huge = 2 << 20;
	char *map, *end;
	size_t i;

	map = mmap(NULL, region->bytes + huge, PROT_READ | PROT_WRITE,
		   region->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED,
		   region->fd, 0);
	if (map == MAP_FAILED)
		err(1, "mmap");
	if (region->fd < 0) {
		map = (char *)(((uintptr_t)map + huge - 1) & -huge);
		if (madvise(map, region->bytes, region->advice))
			err(1, "madvise");
	}
	for (end = map + region->bytes, i = 0; map < end; map += 4096, i++) {
		if (region->fd < 0)
			*map = 1;
		else
			*(volatile char *)map;
	}
}

static void bench_region(const char *name, const struct region *region, double bar,
			 double cheap_bar)
{
	const double pages = region->bytes / 4096;
	double full, cheap, rollup, smaps;
	char label[64];
	uint64_t rss;
	pid_t pid;

	pid = spawn(map_region, (void *)region);
	rss = read_rollup(pid);
	rollup = cost_of(read_rollup, pid, rss);
	smaps = cost_of(read_smaps, pid, rss);
	full = cost_of(read_full, pid, rss);
	snprintf(label, sizeof(label), "page/%s/full", name);
	row(label, full / pages, "instructions/page", "smaps_rollup", rollup / pages, bar);
	row(label, full / pages, "instructions/page", "smaps", smaps / pages, 0);
	snprintf(label, sizeof(label), "page/%s/longest-hold", name);
	row(label, records[0].cost.max_hold_ns, "instructions", "smaps_rollup", rollup, 0);
	cheap = cost_of(read_cheap, pid, rss);
	snprintf(label, sizeof(label), "page/%s/cheap", name);
	row(label, cheap / pages, "instructions/page", "smaps_rollup", rollup / pages,
	    cheap_bar);
	reap(pid);
}

struct system_cost {
	double full, cheap, rollup, smaps;
};

/* All processes; the sums of their classes are made, as a client would. */
static double read_all_records(uint64_t flags, size_t *processes)
{
	static uint64_t sums[MEMCLASS_NR_CLASSES];
	int fd = open_or_die(DIR "records");
	uint64_t began = now();
	ssize_t n, i;
	int class;

	*processes = 0;
	if (lseek(fd, flags, SEEK_SET) < 0)
		err(1, "lseek");
	while ((n = read(fd, records, sizeof(records))) > 0) {
		for (i = 0; i < n / (ssize_t)sizeof(records[0]); i++) {
			for (class = 0; class < MEMCLASS_NR_CLASSES; class++)
				sums[class] += records[i].classes[class].rss;
			++*processes;
		}
	}
	began = now() - began;
	if (n < 0)
		err(1, "records");
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

/* /proc is asked for these processes only, memclass for all there are. */
static void measure_system(struct system_cost *cost, const pid_t *pids, size_t n)
{
	size_t processes;
	double spent;
	int i;

	memset(cost, 0, sizeof(*cost));
	for (i = 0; i < ROUNDS; i++) {
		least(&cost->rollup, read_all_proc(read_rollup, pids, n) / n);
		least(&cost->smaps, read_all_proc(read_smaps, pids, n) / n);
		spent = read_all_records(0, &processes);
		least(&cost->full, spent / processes);
		spent = read_all_records(MEMCLASS_OFFSET_CHEAP, &processes);
		least(&cost->cheap, spent / processes);
		if (processes < n)
			errx(1, "%zu processes read, %zu made", processes, n);
	}
}

static void bench_system(size_t n)
{
	struct system_cost few, many;
	size_t i, few_n = n / 10;
	pid_t *pids = calloc(n, sizeof(*pids));

	if (!pids)
		err(1, "calloc");
	for (i = 0; i < few_n; i++)
		pids[i] = spawn(NULL, NULL);
	measure_system(&few, pids, few_n);
	for (; i < n; i++)
		pids[i] = spawn(NULL, NULL);
	measure_system(&many, pids, n);
	row("system/full", few.full, "instructions/process", "smaps_rollup", few.rollup,
	    0.25);
	row("system/full", few.full, "instructions/process", "smaps", few.smaps, 0.125);
	row("system/cheap", few.cheap, "instructions/process", "smaps_rollup", few.rollup,
	    0);
	row("system/total", few.full * few_n, "instructions", NULL, 0, 0);
	/* Linear growth: a process costs the same among many. */
	row("system/growth-10x-processes", many.full, "instructions/process",
	    "itself among a tenth", few.full, 1.1);
	for (i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	for (i = 0; i < n; i++)
		waitpid(pids[i], NULL, 0);
	free(pids);
}

/* Every other page of a region is another mapping than its neighbours. */
static void map_many(void *arg)
{
	const size_t n = *(size_t *)arg;
	char *map;
	size_t i;

	map = mmap(NULL, n * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		   -1, 0);
	if (map == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < n; i += 2) {
		if (mprotect(map + i * 4096, 4096, PROT_READ))
			err(1, "mprotect");
	}
}

static double cost_of_mappings(size_t n)
{
	uint64_t rss;
	double cost;
	pid_t pid;

	pid = spawn(map_many, &n);
	rss = read_full(pid);
	cost = cost_of(read_full, pid, rss) / n;
	if (records[0].total.vmas < n)
		errx(1, "%zu mappings made, %llu seen", n,
		     (unsigned long long)records[0].total.vmas);
	reap(pid);
	return cost;
}

static void bench_mappings(size_t n)
{
	double few, many;
	int fd;

	fd = open("/proc/sys/vm/max_map_count", O_WRONLY);
	if (fd < 0 || dprintf(fd, "%zu", 2 * n) < 0)
		err(1, "max_map_count");
	close(fd);
	few = cost_of_mappings(n / 10);
	row("mapping/full", few, "instructions/mapping", NULL, 0, 0);
	many = cost_of_mappings(n);
	row("mapping/growth-10x-mappings", many, "instructions/mapping",
	    "itself among a tenth", few, 1.1);
}

static long meminfo_free(void)
{
	int fd = open_or_die("/proc/meminfo");
	ssize_t n = read(fd, text, sizeof(text) - 1);
	char *free_kib;

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	free_kib = strstr(text, "MemFree:");
	return free_kib ? strtol(free_kib + 8, NULL, 10) : 0;
}

/* What an open file costs: no buffer grows with the machine. */
static void bench_memory(const char *file)
{
	enum { FILES = 500 };
	char label[64], path[64];
	int fds[FILES], i;
	long before;

	snprintf(path, sizeof(path), DIR "%s", file);
	before = meminfo_free();
	for (i = 0; i < FILES; i++)
		fds[i] = open_or_die(path);
	snprintf(label, sizeof(label), "memory/open-%s", file);
	row(label, (before - meminfo_free()) * 1024.0 / FILES, "bytes", NULL, 0, 0);
	for (i = 0; i < FILES; i++)
		close(fds[i]);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "processes", required_argument, NULL, 'p' },
		{ "mib", required_argument, NULL, 'm' },
		{ "mappings", required_argument, NULL, 'v' },
		{ "file", required_argument, NULL, 'f' },
		{ "sleep", required_argument, NULL, 's' },
		{ }
	};
	size_t processes = 0, mappings = 0;
	struct region region = { .fd = -1 };
	struct rlimit files = { 4096, 4096 };
	const char *file = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			processes = strtoul(optarg, NULL, 10);
			break;
		case 'm':
			region.bytes = strtoul(optarg, NULL, 10) << 20;
			break;
		case 'v':
			mappings = strtoul(optarg, NULL, 10);
			break;
		case 'f':
			file = optarg;
			break;
		case 's':
			sleep_ready(atoi(optarg));
			break;
		default:
			return 2;
		}
	}
	setrlimit(RLIMIT_NOFILE, &files);
	/* No fault on the way: what is measured is reading. */
	memset(records, 1, sizeof(records));
	memset(text, 1, sizeof(text));
	if (region.bytes) {
		region.advice = MADV_NOHUGEPAGE;
		bench_region("base", &region, 1.0 / 3, 1.0 / 8);
		region.advice = MADV_HUGEPAGE;
		bench_region("thp", &region, 0, 0);
		if (file) {
			region.fd = open_or_die(file);
			bench_region("file", &region, 0, 0);
		}
	}
	if (processes)
		bench_system(processes);
	if (mappings)
		bench_mappings(mappings);
	bench_memory("records");
	bench_memory("vmas");
	return 0;
}
