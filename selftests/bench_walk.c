// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to read processes, against /proc doing the same in the same guest.
 * To be run with a clock that counts instructions (vm/run --icount): a nanosecond is
 * then an instruction, of kernel and program together. Prints a JSON row a line.
 *
 * bench_walk [--mib N] [--file FILE] [--processes N [--program FILE]] [--mappings N]
 *            [--memory] [--tools N]
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <spawn.h>
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

#include "bench_row.h"
#include "memclass.h"

#define DIR		"/sys/kernel/debug/memclass/"
#define ROUNDS		5
/* A unit costs at most so much more where there are ten times as many. */
#define GROWTH_BAR	1.15
#define BATCH		64

#define TEXT_SIZE	(4 << 20)

/* Not in the bss: this program is also what it makes small processes of. */
static struct memclass_record *records;
static char *text;

extern char **environ;

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
	bench_row(name, value, unit, peer, peer ? value / peer_value : 0, bar);
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
	while ((n = read(fd, text + len, TEXT_SIZE - 1 - len)) > 0)
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

/* Until it sleeps, which the programs that this is for do when they are ready. */
static void await_sleep(pid_t pid)
{
	char path[64], state = 0;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (state != 'S') {
		usleep(1000);
		stat = fopen(path, "r");
		if (!stat || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
			errx(1, "no process %d", pid);
		fclose(stat);
	}
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
	await_sleep(pid);
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

	if (region->fd < 0)
		map = mmap(NULL, region->bytes + huge, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	else
		map = mmap(NULL, region->bytes, PROT_READ, MAP_SHARED, region->fd, 0);
	if (map == MAP_FAILED)
		err(1, "mmap");
	if (region->fd < 0) {
		map = (char *)(((uintptr_t)map + huge - 1) & -huge);
		if (madvise(map, region->bytes, region->advice))
			err(1, "madvise");
	}
	for (end = map + region->bytes; map < end; map += 4096) {
		if (region->fd < 0)
			*map = 1;
		else
			*(volatile char *)map;
	}
}

#define KPF_COMPOUND	(1ULL << 15 | 1ULL << 16)

/* Which part of a file's cached pages is in large folios? */
static double in_large_folios(const struct region *region)
{
	const size_t pages = region->bytes / 4096;
	char *map = mmap(NULL, region->bytes, PROT_READ, MAP_SHARED, region->fd, 0);
	int pagemap = open_or_die("/proc/self/pagemap");
	int kpageflags = open_or_die("/proc/kpageflags");
	uint64_t entry, flags;
	size_t i, large = 0;

	if (map == MAP_FAILED)
		err(1, "mmap");
	/* Of so many, one in so many tells. */
	for (i = 0; i < pages; i += 61) {
		*(volatile char *)(map + i * 4096);
		if (pread(pagemap, &entry, 8, ((uintptr_t)map / 4096 + i) * 8) != 8 ||
		    pread(kpageflags, &flags, 8, (entry & ((1ULL << 55) - 1)) * 8) != 8)
			err(1, "flags of a page");
		large += !!(flags & KPF_COMPOUND);
	}
	munmap(map, region->bytes);
	close(pagemap);
	close(kpageflags);
	return large * 61. / pages;
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

/*
 * These processes, which were made one after the other; the sums of their classes are
 * made, as a client would.
 */
static double read_all_records(uint64_t flags, const pid_t *pids, size_t n)
{
	static uint64_t sums[MEMCLASS_NR_CLASSES];
	const pid_t last = pids[n - 1];
	int fd = open_or_die(DIR "records");
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

/* Processes of a program that sleeps for as long as it is told. */
static void bench_program(const char *program, size_t n)
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

static void bench_system(size_t n)
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
	    "itself among a tenth", few, GROWTH_BAR);
}

/* Bytes of kernel memory that were asked for, whatever their size. */
static double slab_bytes(void)
{
	static const char *const names[] = { "nr_slab_reclaimable ",
					     "nr_slab_unreclaimable " };
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY);
	double pages = 0;
	ssize_t n;
	size_t i;

	/* Each processor counts for itself a while; it must not. */
	if (fd < 0 || write(fd, "1", 1) != 1)
		err(1, "stat_refresh");
	close(fd);
	fd = open_or_die("/proc/vmstat");
	n = read(fd, text, TEXT_SIZE - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (i = 0; i < 2; i++) {
		const char *found = strstr(text, names[i]);

		if (!found)
			errx(1, "no %sin vmstat", names[i]);
		pages += strtol(found + strlen(names[i]), NULL, 10);
	}
	return pages * 4096;
}

/* What an open file costs: no buffer grows with the machine. */
static void bench_open_file(const char *file)
{
	enum {
		FILES = 2000
	};
	static int fds[FILES];
	char label[64], path[64];
	double before;
	int i;

	snprintf(path, sizeof(path), DIR "%s", file);
	before = slab_bytes();
	for (i = 0; i < FILES; i++)
		fds[i] = open_or_die(path);
	snprintf(label, sizeof(label), "memory/open-%s", file);
	row(label, (slab_bytes() - before) / FILES, "bytes", NULL, 0, 0);
	for (i = 0; i < FILES; i++)
		close(fds[i]);
}

static void bench_memory(void)
{
	FILE *modules = fopen("/proc/modules", "r");
	char name[64];
	long size;

	while (modules && fscanf(modules, "%63s %ld%*[^\n]", name, &size) == 2) {
		if (!strcmp(name, "memclass"))
			row("memory/module", size, "bytes", NULL, 0, 0);
	}
	fclose(modules);
	bench_open_file("records");
	bench_open_file("vmas");
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

/* The client against what does the same from /proc, both as a person runs them. */
static void bench_tools(const char *program, size_t n)
{
	char *const ps[] = { "memclass", "ps", NULL };
	char *const smem[] = { "smem", NULL };
	pid_t *pids = calloc(n, sizeof(*pids));

	if (!pids)
		err(1, "calloc");
	start_many(program, pids, n);
	row("tool/memclass-ps", cost_of_run(ps), "instructions", "smem",
	    cost_of_run(smem), 0.125);
	end_many(pids, n);
	free(pids);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "processes", required_argument, NULL, 'p' },
		{ "mib", required_argument, NULL, 'm' },
		{ "mappings", required_argument, NULL, 'v' },
		{ "file", required_argument, NULL, 'f' },
		{ "program", required_argument, NULL, 'g' },
		{ "memory", no_argument, NULL, 'k' },
		{ "tools", required_argument, NULL, 't' },
		{ "sleep", required_argument, NULL, 's' },
		{}
	};
	size_t processes = 0, mappings = 0, tools = 0;
	struct region region = { .fd = -1 };
	struct rlimit files = { 4096, 4096 };
	const char *file = NULL, *program = NULL;
	bool memory = false;
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
		case 'g':
			program = optarg;
			break;
		case 'k':
			memory = true;
			break;
		case 't':
			tools = strtoul(optarg, NULL, 10);
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
	records = malloc(BATCH * sizeof(*records));
	text = malloc(TEXT_SIZE);
	if (!records || !text)
		err(1, "malloc");
	memset(records, 1, BATCH * sizeof(*records));
	memset(text, 1, TEXT_SIZE);
	if (region.bytes) {
		region.advice = MADV_NOHUGEPAGE;
		bench_region("base", &region, 1.0 / 3, 1.0 / 8);
		region.advice = MADV_HUGEPAGE;
		bench_region("thp", &region, 0, 0);
		if (file) {
			region.fd = open_or_die(file);
			row("page/file/in-large-folios", 100 * in_large_folios(&region),
			    "% of pages", NULL, 0, 0);
			bench_region("file", &region, 0, 0);
		}
	}
	if (processes && program)
		bench_program(program, processes);
	else if (processes)
		bench_system(processes);
	if (mappings)
		bench_mappings(mappings);
	if (memory)
		bench_memory();
	if (tools)
		bench_tools(program, tools);
	return 0;
}
