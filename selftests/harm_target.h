/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process that is read, and measures itself how long it is made to wait: one of its
 * threads maps and unmaps, another faults pages in, both all the time.
 */
#ifndef HARM_TARGET_H
#define HARM_TARGET_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/reading.h"

/* Who reads it meanwhile. X(READER, name) */
#define HARM_READERS(X) \
	X(NOBODY,	"nobody") \
	X(RECORDS,	"records") \
	X(CHEAP,	"records, cheap tier") \
	X(VMAS,		"vmas") \
	X(ROLLUP,	"smaps_rollup") \
	X(SMAPS,	"smaps")

enum harm_reader {
#define HARM_ENUM(reader, name) HARM_##reader,
	HARM_READERS(HARM_ENUM)
#undef HARM_ENUM
	HARM_NR_READERS
};

static const char *const harm_names[] = {
#define HARM_NAME(reader, name) name,
	HARM_READERS(HARM_NAME)
#undef HARM_NAME
};

/* What both sides share. The target writes how long it waited. */
struct harm {
	size_t size;			/* of its memory, */
	unsigned int mappings;		/* in as many mappings */
	unsigned int round;		/* what was measured in an earlier one is dropped */
	uint64_t map_ns;		/* longest mmap() or munmap() in this round */
	uint64_t fault_ns;		/* longest page fault */
	uint64_t maps, faults;		/* how many of each there were */
};

static inline struct harm *harm_alloc(size_t size, unsigned int mappings)
{
	struct harm *harm = mmap(NULL, sizeof(*harm), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (harm == MAP_FAILED)
		return NULL;
	harm->size = size;
	harm->mappings = mappings;
	return harm;
}

static inline void harm_note(const struct harm *harm, unsigned int round, uint64_t began,
			     uint64_t *longest, uint64_t *count)
{
	const uint64_t ns = now_ns() - began;

	if (round != __atomic_load_n(&harm->round, __ATOMIC_ACQUIRE))
		return;
	if (ns > *longest)
		*longest = ns;
	++*count;
}

/* It must not be the scheduler that it waits for: it comes before all others. */
static inline void harm_first_in_line(void)
{
	const struct sched_param param = { .sched_priority = 10 };

	sched_setscheduler(0, SCHED_FIFO, &param);
}

/* And leaves the processor to the others for most of the time. */
static inline void harm_pause(unsigned int us)
{
	const struct timespec ts = { .tv_nsec = 1000 * us };

	nanosleep(&ts, NULL);
}

static inline void *harm_map_forever(void *data)
{
	struct harm *harm = data;

	harm_first_in_line();
	for (;;) {
		const unsigned int round = __atomic_load_n(&harm->round, __ATOMIC_ACQUIRE);
		uint64_t began = now_ns();
		void *map = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		harm_note(harm, round, began, &harm->map_ns, &harm->maps);
		if (map == MAP_FAILED)
			_exit(1);
		began = now_ns();
		munmap(map, 65536);
		harm_note(harm, round, began, &harm->map_ns, &harm->maps);
		harm_pause(70);
	}
	return NULL;
}

static inline void *harm_fault_forever(void *data)
{
	const size_t page = sysconf(_SC_PAGESIZE), size = 32 * page;
	struct harm *harm = data;
	size_t at;
	volatile char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		_exit(1);
	harm_first_in_line();
	for (;;) {
		madvise((void *)map, size, MADV_DONTNEED);
		for (at = 0; at < size; at += page) {
			const unsigned int round = __atomic_load_n(&harm->round,
								   __ATOMIC_ACQUIRE);
			const uint64_t began = now_ns();

			map[at] = 1;
			harm_note(harm, round, began, &harm->fault_ns, &harm->faults);
		}
		harm_pause(90);
	}
	return NULL;
}

/* Not merged: every other one cannot be written to. */
static inline bool harm_fill(const struct harm *harm)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	const size_t part = harm->size / harm->mappings / page * page;
	unsigned int i;
	size_t at;
	char *map = mmap(NULL, harm->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return false;
	madvise(map, harm->size, MADV_NOHUGEPAGE);
	for (at = 0; at < harm->size; at += page)
		map[at] = 1;
	for (i = 0; i + 1 < harm->mappings; i += 2) {
		if (mprotect(map + i * part, part, PROT_READ))
			return false;
	}
	return true;
}

static inline void harm_body(const struct child *parent, void *data)
{
	struct harm *harm = data;
	pthread_t thread;

	if (!harm_fill(harm) || pthread_create(&thread, NULL, harm_map_forever, harm) ||
	    pthread_create(&thread, NULL, harm_fault_forever, harm))
		_exit(1);
}

static inline struct child harm_begin(struct harm *harm)
{
	return child_start(harm_body, harm);
}

static inline bool harm_read_file(pid_t pid, const char *name)
{
	static char text[65536];
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	while ((got = read(fd, text, sizeof(text))) > 0)
		;
	close(fd);
	return !got;
}

static inline bool harm_read_vmas(pid_t pid)
{
	static struct memclass_vma rows[64];
	const int fd = vmas_open();
	size_t count;

	lseek(fd, vmas_at(pid, 0), SEEK_SET);
	do {
		const ssize_t got = read(fd, rows, sizeof(rows));

		count = got > 0 ? got / sizeof(rows[0]) : 0;
	} while (count && (pid_t)rows[count - 1].pid == pid);
	close(fd);
	return true;
}

static inline bool harm_read_record(pid_t pid, loff_t tier, struct memclass_record *record)
{
	const int fd = records_open();
	const ssize_t got = pread(fd, record, sizeof(*record), records_at(pid) | tier);

	close(fd);
	return got == sizeof(*record) && (pid_t)record->pid == pid;
}

/* As busy as a reader, but with something else. */
static inline bool harm_read_nothing(void)
{
	const uint64_t until = now_ns() + SEC / 10;

	while (now_ns() < until)
		;
	return true;
}

/* Reads it once. @record is filled when it is a record that is read. */
static inline bool harm_read(pid_t pid, enum harm_reader reader,
			     struct memclass_record *record)
{
	switch (reader) {
	case HARM_RECORDS:
		return harm_read_record(pid, 0, record);
	case HARM_CHEAP:
		return harm_read_record(pid, MEMCLASS_OFFSET_CHEAP, record);
	case HARM_VMAS:
		return harm_read_vmas(pid);
	case HARM_ROLLUP:
		return harm_read_file(pid, "smaps_rollup");
	case HARM_SMAPS:
		return harm_read_file(pid, "smaps");
	default:
		return harm_read_nothing();
	}
}

/*
 * One round: reads it until the target has mapped and faulted often enough, and at
 * least @reads times. Return: false when it could not be read.
 */
static inline bool harm_round(struct harm *harm, pid_t pid, enum harm_reader reader,
			      unsigned int reads, struct memclass_record *record)
{
	harm->map_ns = 0;
	harm->fault_ns = 0;
	harm->maps = 0;
	harm->faults = 0;
	__atomic_add_fetch(&harm->round, 1, __ATOMIC_RELEASE);
	do {
		if (!harm_read(pid, reader, record))
			return false;
		if (reads)
			reads--;
	} while (reads || harm->maps < 50 || harm->faults < 50);
	return true;
}

/* The longest in all rounds that were added up. */
struct harm_waits {
	uint64_t map_ns;
	uint64_t fault_ns;
	uint64_t hold_ns;	/* as memclass says itself, of records */
};

static inline uint64_t harm_longer(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* harm_round(), added to @waits. */
static inline bool harm_round_add(struct harm *harm, pid_t pid, enum harm_reader reader,
				  struct harm_waits *waits)
{
	struct memclass_record record = {};

	if (!harm_round(harm, pid, reader, 2, &record))
		return false;
	waits->map_ns = harm_longer(waits->map_ns, harm->map_ns);
	waits->fault_ns = harm_longer(waits->fault_ns, harm->fault_ns);
	waits->hold_ns = harm_longer(waits->hold_ns, record.cost.max_hold_ns);
	return true;
}

#endif /* HARM_TARGET_H */
