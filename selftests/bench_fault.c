// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs a program that its page faults are counted, against others on the same
 * function. To be run with a clock that counts instructions (vm/run --icount): a
 * nanosecond is then an instruction. Prints a JSON row a line.
 *
 * bench_fault FILE PEER.ko: FILE is on a disk; PEER.ko the module of bench/peer
 * bench_fault --parallel: how many faults all processors get done together, by the
 * clock on the wall
 */
#include "bench_row.h"
#include "fault_bpf.h"
#include "fault_module.h"

#include <err.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sys/resource.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define ROUNDS		9
/* Instructions per fault that counting may take. */
#define BAR		120

static const char *file, *peer;

/* Row; @ratio is that of the value to the peer's. */
static void row(const char *what, const char *with, double value, const char *unit,
		const char *beside, double ratio, double bar)
{
	char name[128];

	snprintf(name, sizeof(name), "fault/%s/%s", what, with);
	bench_row(name, value, unit, beside, ratio, bar);
}

/*
 * Who counts.
 */

static struct bpf_counter bpf;
static int perf;

static bool nobody_begins(void)
{
	return true;
}

static void nobody_ends(void)
{
}

static bool off_begins(void)
{
	return !module_load("faults=off");
}

static bool ftrace_begins(void)
{
	return !module_load("faults=ftrace");
}

static bool kprobe_begins(void)
{
	return !module_load("faults=kprobe");
}

static void module_ends(void)
{
	if (module_unload())
		err(1, "unload");
}

static bool kretprobe_begins(void)
{
	return !module_insert(peer, "");
}

static void kretprobe_ends(void)
{
	module_remove("peer");
}

static bool fentry_begins(void)
{
	return bpf_count(&bpf, "handle_mm_fault", BPF_TRACE_FENTRY, 0);
}

static bool fexit_begins(void)
{
	return bpf_count(&bpf, "handle_mm_fault", BPF_TRACE_FEXIT, 0);
}

static void bpf_ends(void)
{
	bpf_end(&bpf);
}

/* As perf stat -e minor-faults -a does. */
static bool perf_begins(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS,
	};

	perf = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	return perf >= 0;
}

static void perf_ends(void)
{
	close(perf);
}

enum counter {
	NOBODY,
	OFF,
	FTRACE,
	KPROBE,
	KRETPROBE,
	FENTRY,
	FEXIT,
	PERF,
	NR_COUNTERS
};

static const struct {
	const char *name;
	bool (*begin)(void);
	void (*end)(void);
} counters[NR_COUNTERS] = {
	[NOBODY] = { "not loaded", nobody_begins, nobody_ends },
	[OFF] = { "off", off_begins, module_ends },
	[FTRACE] = { "ftrace", ftrace_begins, module_ends },
	[KPROBE] = { "kprobe", kprobe_begins, module_ends },
	[KRETPROBE] = { "kretprobe", kretprobe_begins, kretprobe_ends },
	[FENTRY] = { "BPF fentry", fentry_begins, bpf_ends },
	[FEXIT] = { "BPF fexit", fexit_begins, bpf_ends },
	[PERF] = { "perf stat", perf_begins, perf_ends },
};

/*
 * What is counted. Each returns how many faults there were.
 */

#define ANON_LENGTH	(16 * MIB)
#define FILE_LENGTH	(32 * MIB)

static char *anon_map, *file_map;
static int file_fd;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static void anon_prepare(void)
{
	madvise(anon_map, ANON_LENGTH, MADV_DONTNEED);
}

static void anon_fault(void)
{
	touch(anon_map, ANON_LENGTH);
}

static void cached_prepare(void)
{
	static char buffer[65536];
	off_t at;

	/* All of it is in the page cache, and none of it mapped. */
	for (at = 0; at < (off_t)FILE_LENGTH; at += sizeof(buffer))
		if (pread(file_fd, buffer, sizeof(buffer), at) < 0)
			err(1, "read");
	madvise(file_map, FILE_LENGTH, MADV_DONTNEED);
}

static void cached_fault(void)
{
	look_at(file_map, FILE_LENGTH);
}

static void major_prepare(void)
{
	madvise(file_map, FILE_LENGTH, MADV_DONTNEED);
	madvise(file_map, FILE_LENGTH, MADV_RANDOM);
	if (posix_fadvise(file_fd, 0, 0, POSIX_FADV_DONTNEED))
		err(1, "posix_fadvise");
}

static void major_fault(void)
{
	look_at(file_map, FILE_LENGTH);
}

static const struct {
	const char *name;
	void (*prepare)(void);
	void (*fault)(void);
	bool major;
	bool has_bar;
} kinds[] = {
	{ "anonymous", anon_prepare, anon_fault, false, true },
	{ "page cache", cached_prepare, cached_fault, false, true },
	{ "major", major_prepare, major_fault, true, false },
};

#define NR_KINDS	ARRAY_SIZE(kinds)

static uint64_t faults_so_far(bool major)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return major ? usage.ru_majflt : usage.ru_minflt;
}

/* Instructions for each fault, the fewest of some rounds. */
static double measure(unsigned int kind)
{
	double least = 0;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		uint64_t faults, began;
		double each;

		kinds[kind].prepare();
		faults = faults_so_far(kinds[kind].major);
		began = now();
		kinds[kind].fault();
		each = now() - began;
		faults = faults_so_far(kinds[kind].major) - faults;
		if (!faults)
			errx(1, "%s: there were none", kinds[kind].name);
		each /= faults;
		if (!i || each < least)
			least = each;
	}
	return least;
}

static void print_kind(unsigned int kind, double results[NR_COUNTERS])
{
	const char *name = kinds[kind].name, *unit = "instructions/fault";
	double extra[NR_COUNTERS];
	unsigned int i;

	row(name, counters[NOBODY].name, results[NOBODY], unit, NULL, 0, 0);
	for (i = 0; i < NR_COUNTERS; i++)
		extra[i] = results[i] - results[NOBODY];
	unit = "extra instructions/fault";
	/* It is none at all; the clock's ticks come in more or fewer of the faults. */
	row(name, counters[OFF].name, extra[OFF], unit, "3 instructions", extra[OFF] / 3, 1);
	if (kinds[kind].has_bar)
		row(name, counters[FTRACE].name, extra[FTRACE], unit, "120 instructions",
		    extra[FTRACE] / BAR, 1);
	for (i = FTRACE; i < NR_COUNTERS; i++) {
		if (!results[i])
			fprintf(stderr, "bench: no %s here\n", counters[i].name);
		else if (i == FTRACE && results[KRETPROBE])
			row(name, counters[i].name, extra[i], unit, counters[KRETPROBE].name,
			    extra[i] / extra[KRETPROBE], 0);
		else
			row(name, counters[i].name, extra[i], unit, NULL, 0, 0);
	}
}

static void measure_all(void)
{
	static double results[NR_KINDS][NR_COUNTERS];
	unsigned int counter, kind;

	anon_map = map_own_anon(ANON_LENGTH);
	file_fd = open(file, O_RDONLY | O_CLOEXEC);
	file_map = map_own(FILE_LENGTH, PROT_READ, MAP_PRIVATE, file_fd);
	if (!anon_map || !file_map)
		err(1, "%s", file);
	/* A fault for each page. */
	text_write(FAULT_AROUND, "4096");
	if (module_is_loaded() && module_unload())
		err(1, "memclass cannot be unloaded");
	if (!settle())
		err(1, "mlockall");
	for (kind = 0; kind < NR_KINDS; kind++)
		measure(kind);
	for (counter = 0; counter < NR_COUNTERS; counter++) {
		if (!counters[counter].begin())
			continue;
		for (kind = 0; kind < NR_KINDS; kind++)
			results[kind][counter] = measure(kind);
		counters[counter].end();
	}
	for (kind = 0; kind < NR_KINDS; kind++)
		print_kind(kind, results[kind]);
}

/*
 * All processors at once: a process for each, and a thread of one process for each.
 */

#define PARALLEL_NS	(2 * SEC)
#define PARALLEL_LENGTH	(256 * PAGE)

struct parallel {
	unsigned int go;
	uint64_t faults;
};

static void *fault_in_parallel(void *data)
{
	struct parallel *parallel = data;
	char *map = map_own_anon(PARALLEL_LENGTH);
	uint64_t faults = 0, until;

	while (!__atomic_load_n(&parallel->go, __ATOMIC_ACQUIRE))
		sched_yield();
	for (until = now() + PARALLEL_NS; now() < until; faults += PARALLEL_LENGTH / PAGE) {
		touch(map, PARALLEL_LENGTH);
		madvise(map, PARALLEL_LENGTH, MADV_DONTNEED);
	}
	__atomic_add_fetch(&parallel->faults, faults, __ATOMIC_RELAXED);
	munmap(map, PARALLEL_LENGTH);
	return NULL;
}

/* Return: faults per second. */
static double parallel_run(bool threads)
{
	const long nr = sysconf(_SC_NPROCESSORS_ONLN);
	struct parallel *parallel = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double faults;
	pthread_t ids[nr];
	long i;

	if (parallel == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < nr; i++) {
		if (threads) {
			if (pthread_create(&ids[i], NULL, fault_in_parallel, parallel))
				errx(1, "no thread");
		} else if (!fork()) {
			fault_in_parallel(parallel);
			_exit(0);
		}
	}
	__atomic_store_n(&parallel->go, 1, __ATOMIC_RELEASE);
	for (i = 0; i < nr; i++) {
		if (threads)
			pthread_join(ids[i], NULL);
		else
			wait(NULL);
	}
	faults = (double)parallel->faults / (PARALLEL_NS / SEC);
	munmap(parallel, PAGE);
	return faults;
}

static void measure_parallel(void)
{
	static const enum counter parallel[] = { NOBODY, OFF, FTRACE, KPROBE };
	double most[2][NR_COUNTERS] = {};
	unsigned int round, i, threads;
	char name[64];

	if (module_is_loaded() && module_unload())
		err(1, "memclass cannot be unloaded");
	/* In turns, since a machine is not as fast at all times. */
	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(parallel); i++) {
			const enum counter counter = parallel[i];

			if (!counters[counter].begin())
				continue;
			for (threads = 0; threads < 2; threads++) {
				const double faults = parallel_run(threads);

				if (faults > most[threads][counter])
					most[threads][counter] = faults;
			}
			counters[counter].end();
		}
	}
	for (threads = 0; threads < 2; threads++) {
		snprintf(name, sizeof(name), "%ld %s",
			 sysconf(_SC_NPROCESSORS_ONLN), threads ? "threads" : "processes");
		row(name, counters[NOBODY].name, most[threads][NOBODY], "faults/s", NULL, 0, 0);
		for (i = 1; i < ARRAY_SIZE(parallel); i++)
			row(name, counters[parallel[i]].name, most[threads][parallel[i]], "faults/s",
			    counters[NOBODY].name,
			    most[threads][parallel[i]] / most[threads][NOBODY], 0);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--parallel")) {
		measure_parallel();
		return 0;
	}
	if (argc != 3)
		errx(2, "usage: bench_fault FILE PEER.ko | --parallel");
	file = argv[1];
	peer = argv[2];
	measure_all();
	return 0;
}
