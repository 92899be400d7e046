// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: whoever reads everything while processes come and go gets each one that stays,
 * once, in the order of pids; and of those that do not stay rows that hold together.
 * Oracle: what the test's own processes did, and the identities that hold when every
 * page was counted once.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "lib/child.h"
#include "lib/kernel.h"
#include "lib/reading.h"
#include "lib/rows.h"

#define ROWS	32

static struct memclass_record records[ROWS];
static struct memclass_vma vmas[ROWS];

static void fork_forever(const struct child *parent, void *data)
{
	char *map = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (map == MAP_FAILED)
		_exit(1);
	child_tell(parent);
	for (;;) {
		pid_t pid = fork();

		if (!pid) {
			memset(map, 1, MIB);
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

#define STABLE	16

/* Some processes that stay, while others come and go. */
FIXTURE(population)
{
	struct child forks[6];
	size_t nr_forks;
	struct child stable[STABLE];
	uint64_t ticks[STABLE];
};

FIXTURE_SETUP(population)
{
	size_t i;

	/* They are as good as each other, and slow where the kernel checks all they do. */
	self->nr_forks = kernel_checks_itself() ? 2 : ARRAY_SIZE(self->forks);
	for (i = 0; i < self->nr_forks; i++) {
		self->forks[i] = child_start(fork_forever, NULL);
		ASSERT_LT(0, self->forks[i].pid);
	}
	for (i = 0; i < STABLE; i++) {
		self->stable[i] = child_start(NULL, NULL);
		ASSERT_LT(0, self->stable[i].pid);
		self->ticks[i] = proc_start_ticks(self->stable[i].pid);
	}
}

FIXTURE_TEARDOWN(population)
{
	size_t i;

	for (i = 0; i < self->nr_forks; i++)
		child_end(&self->forks[i]);
	for (i = 0; i < STABLE; i++)
		child_end(&self->stable[i]);
}

/* Was it one that stays, and is it the same one? Counts those. */
static const char *look_at(const FIXTURE_DATA(population) * self, uint32_t pid,
			   uint64_t start_ns, unsigned int *found)
{
	size_t i;

	for (i = 0; i < STABLE; i++) {
		if ((pid_t)pid != self->stable[i].pid)
			continue;
		if (!start_is(start_ns, self->ticks[i]))
			return fault("pid %u began at %llu", pid, (unsigned long long)start_ns);
		++*found;
	}
	return NULL;
}

TEST_F(population, forks_while_records_are_read)
{
	struct rounds rounds = {};

	while (again(&rounds, 100)) {
		const int fd = records_open();
		const size_t rows = rounds.number % 3 ? ROWS : 1;
		unsigned int found = 0;
		uint32_t last = 0, j;
		ssize_t got;

		if (rounds.number % 4 == 3)
			lseek(fd, MEMCLASS_OFFSET_CHEAP, SEEK_SET);
		while ((got = read(fd, records, rows * sizeof(records[0]))) > 0) {
			for (j = 0; j < got / sizeof(records[0]); j++) {
				ASSERT_LT(last, records[j].pid);
				last = records[j].pid;
				ASSERT_RIGHT(record_fault(&records[j]));
				ASSERT_RIGHT(look_at(self, last, records[j].start_ns,
						     &found));
			}
		}
		ASSERT_EQ(0, got);
		ASSERT_EQ((unsigned int)STABLE, found);
		close(fd);
	}
}

TEST_F(population, forks_while_vmas_are_read)
{
	struct rounds rounds = {};

	while (again(&rounds, 100)) {
		const int fd = vmas_open();
		const size_t rows = rounds.number % 3 ? ROWS : 3;
		unsigned int found = 0;
		struct memclass_vma last = {};
		uint32_t j;
		ssize_t got;

		while ((got = vmas_read(fd, vmas, rows * sizeof(vmas[0]))) > 0) {
			for (j = 0; j < got / sizeof(vmas[0]); j++) {
				ASSERT_RIGHT(vma_fault(&vmas[j]));
				ASSERT_LE(last.pid, vmas[j].pid);
				if (last.pid == vmas[j].pid) {
					ASSERT_EQ(last.start_ns, vmas[j].start_ns);
					ASSERT_EQ(last.ordinal + 1, vmas[j].ordinal);
					ASSERT_LE(last.end, vmas[j].start);
				} else {
					ASSERT_EQ(0U, vmas[j].ordinal);
					ASSERT_RIGHT(look_at(self, vmas[j].pid,
							     vmas[j].start_ns, &found));
				}
				last = vmas[j];
			}
		}
		ASSERT_EQ(0, got);
		ASSERT_EQ((unsigned int)STABLE, found);
		close(fd);
	}
}

TEST_F(population, forks_while_processes_are_read)
{
	struct rounds rounds = {};

	while (again(&rounds, 100)) {
		FILE *file = fopen(FILE_PATH("processes"), "r");
		unsigned int pid, last = 0, found = 0;
		unsigned long long start_ns, last_start_ns = 0;
		char line[4096];

		ASSERT_NE(NULL, file);
		ASSERT_NE(NULL, fgets(line, sizeof(line), file));
		while (fgets(line, sizeof(line), file)) {
			ASSERT_EQ(2, sscanf(line, "%u %llu ", &pid, &start_ns));
			ASSERT_LE(last, pid);
			if (last == pid) {
				ASSERT_EQ(last_start_ns, start_ns);
			} else {
				ASSERT_RIGHT(look_at(self, pid, start_ns, &found));
			}
			last = pid;
			last_start_ns = start_ns;
		}
		ASSERT_EQ((unsigned int)STABLE, found);
		fclose(file);
	}
}

TEST_HARNESS_MAIN
