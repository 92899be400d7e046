// SPDX-License-Identifier: GPL-2.0
#include "population.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "rows.h"

#define PAGE		4096UL
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/*
 * A twin of kind K is called twin-K-TIME, in milliseconds and hexadecimal, and has had a
 * memfd of so many pages mapped since then, and no other.
 */
#define TWIN_KINDS	7
#define TWIN_PAGES(kind) ((kind) * 24UL)

static unsigned int milliseconds(uint64_t ns)
{
	return ns / 1000000;
}

static unsigned int seed_of(unsigned int seed)
{
	return seed * 2654435761U + getpid();
}

/*
 * Becomes a twin of that kind; the name comes last. Its memory is locked: a page that the
 * kernel takes from a mapping, but cannot swap out, is neither resident nor swapped.
 */
static bool twin_become(unsigned int kind)
{
	const size_t length = TWIN_PAGES(kind) * PAGE;
	const int fd = memfd_create("twin", MFD_CLOEXEC);
	char name[16];
	char *map;

	if (fd < 0 || ftruncate(fd, length))
		return false;
	map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED || mlock(map, length))
		return false;
	memset(map, kind, length);
	snprintf(name, sizeof(name), "twin-%u-%x", kind, milliseconds(now_ns()));
	return !prctl(PR_SET_NAME, name);
}

/* Lives for a moment, and becomes another one by exec, or ends. */
static void twin_live(unsigned int seed)
{
	const unsigned int kind = 1 + rand_r(&seed) % TWIN_KINDS;
	char number[16];

	if (!twin_become(kind))
		_exit(1);
	usleep(rand_r(&seed) % 60000);
	if (rand_r(&seed) % 3)
		_exit(0);
	snprintf(number, sizeof(number), "%u", rand_r(&seed));
	execl("/proc/self/exe", "twin", "--twin", number, NULL);
	_exit(1);
}

void population_main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--twin")) {
		die_with_parent();
		twin_live(strtoul(argv[2], NULL, 10));
	}
}

const char *population_fault(const struct memclass_record *record, uint64_t asked_ns,
			     bool *checked)
{
	const struct memclass_counts *memfd = &record->classes[MEMCLASS_CLASS_MEMFD];
	unsigned int kind, since;

	/* What has its name since then was perhaps read before. */
	*checked = sscanf(record->comm, "twin-%u-%x", &kind, &since) == 2 &&
		   (int)(milliseconds(asked_ns) - since) > 0;
	if (!*checked)
		return NULL;
	/* In the middle of exec() it has the new memory, which is arguments, and the old name. */
	if (record->total.vmas == 1)
		return NULL;
	if (memfd->vmas != 1 || memfd->virt != TWIN_PAGES(kind) * PAGE)
		return fault("%.16s has %llu memfds mapped, of %llu bytes", record->comm,
			     (unsigned long long)memfd->vmas, (unsigned long long)memfd->virt);
	if (memfd->rss < memfd->virt)
		return fault("%.16s has only %llu bytes of its memory", record->comm,
			     (unsigned long long)memfd->rss);
	return NULL;
}

/* Forks one twin after the other, or several. */
static void be_parent(unsigned int seed)
{
	unsigned int i, children = 1 + rand_r(&seed) % 3;

	for (i = 0; i < children; i++) {
		const pid_t pid = fork();

		if (!pid) {
			die_with_parent();
			twin_live(seed_of(seed));
		}
		/* Some are killed, wherever they are. */
		if (pid > 0 && !(rand_r(&seed) % 4)) {
			usleep(rand_r(&seed) % 20000);
			kill(pid, SIGKILL);
		}
	}
	while (wait(NULL) > 0)
		;
}

/* Its mappings come, go, grow, move and change what they are. */
static void be_mapper(unsigned int seed)
{
	static char *maps[16];
	static size_t lengths[16];
	static const int advice[] = { MADV_DONTNEED, MADV_HUGEPAGE, MADV_FREE, MADV_RANDOM,
				      MADV_NOHUGEPAGE, MADV_WILLNEED };
	unsigned int i, step;

	for (step = 0; step < 64; step++) {
		const size_t length = (1 + rand_r(&seed) % 600) * PAGE;

		i = rand_r(&seed) % ARRAY_SIZE(maps);
		if (!maps[i]) {
			maps[i] = mmap(NULL, length, PROT_READ | PROT_WRITE,
				       (rand_r(&seed) % 2 ? MAP_PRIVATE : MAP_SHARED) |
					       MAP_ANONYMOUS,
				       -1, 0);
			lengths[i] = length;
			if (maps[i] == MAP_FAILED)
				maps[i] = NULL;
			continue;
		}
		switch (rand_r(&seed) % 6) {
		case 0:
			munmap(maps[i], lengths[i]);
			maps[i] = NULL;
			break;
		case 1: {
			char *moved = mremap(maps[i], lengths[i], length, MREMAP_MAYMOVE);

			if (moved != MAP_FAILED) {
				maps[i] = moved;
				lengths[i] = length;
			}
			break;
		}
		case 2:
			mprotect(maps[i] + lengths[i] / PAGE / 2 * PAGE, PAGE, PROT_READ);
			mprotect(maps[i], lengths[i], PROT_READ | PROT_WRITE);
			break;
		case 3:
			madvise(maps[i], lengths[i],
				advice[rand_r(&seed) % ARRAY_SIZE(advice)]);
			break;
		default:
			memset(maps[i], seed, lengths[i]);
		}
	}
}

static void *end_soon(void *data)
{
	volatile char deep[8192];

	deep[0] = 0;
	usleep(deep[0] + *(unsigned int *)data % 3000);
	return NULL;
}

/* Threads come and go; now and then the leader goes before the others. */
static void be_threads(unsigned int seed)
{
	static unsigned int naps[8];
	pthread_t threads[8];
	unsigned int i, made = 0;

	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		naps[i] = rand_r(&seed);
		made += !pthread_create(&threads[made], NULL, end_soon, &naps[i]);
	}
	if (!(rand_r(&seed) % 4))
		syscall(SYS_exit, 0);
	while (made)
		pthread_join(threads[--made], NULL);
}

/* Has its parent's memory in common until it execs. */
static void be_borrower(unsigned int seed)
{
	const pid_t pid = vfork();

	if (!pid) {
		usleep(seed % 3000);
		execl("/proc/self/exe", "twin", "--twin", "1", NULL);
		_exit(1);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void (*const kinds[])(unsigned int seed) = {
	be_parent, be_mapper, be_threads, be_parent, be_borrower, be_mapper
};

/* One after the other, each a new process. */
static void supervise(void (*be)(unsigned int seed), unsigned int seed)
{
	for (;;) {
		const pid_t pid = fork();

		seed = seed * 1103515245U + 12345;
		if (!pid) {
			die_with_parent();
			be(seed_of(seed));
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
		else
			usleep(1000);
	}
}

bool population_start(unsigned int seed)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		const pid_t parent = getpid(), pid = fork();

		if (pid < 0)
			return false;
		if (pid)
			continue;
		die_with_parent();
		/* So that readers have their turn. */
		if (getppid() != parent || nice(10) == -1)
			_exit(1);
		supervise(kinds[i], seed + i);
	}
	return true;
}
