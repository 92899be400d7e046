// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: memclass is exact for real programs: for every process of a whole system at
 * once, for a Python that does something, for a PostgreSQL with its shared buffers.
 *
 * Oracle: /proc of each process, read before memclass and after it. What changed in
 * between is tried again. Made for the full root; it takes any system.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lib/compare.h"
#include "lib/kernel.h"
#include "lib/memory.h"

/* Pages of each process that are looked at one by one, in mappings of chance. */
#define PAGES	4096

/* A process is tried so often; daemons wake up now and then. */
#define TRIES	200

/*
 * Before 6.2 each thread keeps what it counted of up to 64 faults to itself, and each
 * of them can bring in 16 pages of a file.
 */
static struct oracle_options options(void)
{
	return (struct oracle_options) {
		.pages = PAGES,
		.slack = kernel_at_least(6, 2) ? 0 : 66 * 16,
	};
}

static bool is_kernel_thread(const struct oracle *oracle)
{
	return !oracle->nr_vmas;
}

FIXTURE(system)
{
	struct oracle_options options;
};

FIXTURE_SETUP(system)
{
	if (!memclass_is_loaded())
		SKIP(return, "memclass is not loaded");
	self->options = options();
}

FIXTURE_TEARDOWN(system)
{
}

/* What the kernel says of all processes at one time. */
struct look {
	pid_t *pids;
	struct oracle *oracles;
	size_t nr;
};

static void look_free(struct look *look)
{
	while (look->nr)
		oracle_free(&look->oracles[--look->nr]);
	free(look->pids);
	free(look->oracles);
}

static int by_pid(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static int is_pid(const struct dirent *entry)
{
	return atoi(entry->d_name) > 0;
}

static void look_at_all(struct look *look, const struct oracle_options *options)
{
	struct dirent **entries;
	int nr = scandir("/proc", &entries, is_pid, by_pid), i;

	memset(look, 0, sizeof(*look));
	look->pids = calloc(nr, sizeof(*look->pids));
	look->oracles = calloc(nr, sizeof(*look->oracles));
	for (i = 0; i < nr; i++) {
		struct oracle *oracle = &look->oracles[look->nr];

		if (!oracle_take(oracle, atoi(entries[i]->d_name), options)) {
			if (is_kernel_thread(oracle))
				oracle_free(oracle);
			else
				look->pids[look->nr++] = atoi(entries[i]->d_name);
		}
		free(entries[i]);
	}
	free(entries);
}

static const struct oracle *look_find(const struct look *look, pid_t pid)
{
	size_t i;

	for (i = 0; i < look->nr; i++)
		if (look->pids[i] == pid)
			return &look->oracles[i];
	return NULL;
}

static const struct reading *reading_find(const struct reading *readings, size_t nr, pid_t pid)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (readings[i].record.pid == (__u32)pid)
			return &readings[i];
	return NULL;
}

/* Returns the number of differences of a process that did not hold still before. */
static unsigned int try_again(struct __test_metadata *const _metadata, pid_t pid,
			      const struct oracle_options *options)
{
	struct comparison comparison;
	unsigned int differences;
	int err = comparison_take(&comparison, pid, options, TRIES);

	/* It has ended. */
	if (err == -ESRCH || err == -ENOENT)
		return 0;
	EXPECT_EQ(0, err)
	{
		TH_LOG("pid %d: %s", pid, strerror(-err));
		return 1;
	}
	differences = comparison_check(&comparison, false);
	comparison_free(&comparison);
	return differences;
}

TEST_F_TIMEOUT(system, every_process, 300)
{
	struct reading *full, *cheap;
	struct look before, after;
	ssize_t nr_full, nr_cheap;
	unsigned int compared = 0, again = 0, differences = 0;
	size_t i;

	look_at_all(&before, &self->options);
	nr_full = readings_take_all(&full, false);
	nr_cheap = readings_take_all(&cheap, true);
	look_at_all(&after, &self->options);
	ASSERT_LT(0, nr_full);
	ASSERT_LT(0, nr_cheap);

	for (i = 0; i < before.nr; i++) {
		const struct oracle *later = look_find(&after, before.pids[i]);
		const struct reading *a = reading_find(full, nr_full, before.pids[i]);
		const struct reading *b = reading_find(cheap, nr_cheap, before.pids[i]);

		/* Itself never holds still, and what has ended cannot be compared. */
		if (before.pids[i] == getpid() || !later)
			continue;
		EXPECT_TRUE(a && b)
		{
			TH_LOG("pid %d is missing", before.pids[i]);
			continue;
		}
		if (oracle_same(&before.oracles[i], later)) {
			struct comparison comparison = {
				.pid = before.pids[i],
				.oracle = before.oracles[i],
				.full = *a,
				.cheap = *b,
			};

			differences += comparison_check(&comparison, false);
			compared++;
		} else {
			differences += try_again(_metadata, before.pids[i], &self->options);
			again++;
		}
	}
	/* None that is not there, and each once. */
	for (i = 0; i < (size_t)nr_full; i++) {
		pid_t pid = full[i].record.pid;

		EXPECT_EQ(&full[i], reading_find(full, nr_full, pid));
		EXPECT_TRUE(look_find(&before, pid) || look_find(&after, pid) || kill(pid, 0))
		{
			TH_LOG("pid %d has a record and no memory", pid);
		}
	}
	EXPECT_EQ(0U, differences);
	EXPECT_LT(3U, compared + again);
	ksft_print_msg("%u processes at once, %u that moved, %zd in all\n", compared, again,
		       nr_full);
	readings_free(full, nr_full);
	readings_free(cheap, nr_cheap);
	look_free(&before);
	look_free(&after);
}

/* Starts a program, and returns when it has printed a line. It ends with the test. */
static pid_t start(char *const *arguments)
{
	pid_t pid, parent = getpid();
	int output[2];
	char byte;

	if (pipe(output))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		dup2(output[1], STDOUT_FILENO);
		close(output[0]);
		close(output[1]);
		execvp(arguments[0], arguments);
		_exit(1);
	}
	close(output[1]);
	while (read(output[0], &byte, 1) == 1 && byte != '\n')
		;
	close(output[0]);
	return pid;
}

/* 64 MiB that it wrote to, a mapping, threads, and what comes with Python. */
static const char python_program[] =
	"import mmap, threading, time, sys\n"
	"block = bytearray(64 << 20)\n"
	"for i in range(0, len(block), 4096): block[i] = 1\n"
	"objects = [str(i) * 10 for i in range(20000)]\n"
	"shared = mmap.mmap(-1, 8 << 20)\n"
	"shared[0:1 << 20] = b'x' * (1 << 20)\n"
	"for i in range(8): threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\n"
	"del objects[::2]\n"
	"print('ready', flush=True)\n"
	"time.sleep(3600)\n";

TEST_F_TIMEOUT(system, python, 120)
{
	char *const arguments[] = { "python3", "-c", (char *)python_program, NULL };
	struct comparison comparison;
	pid_t pid;

	if (system("command -v python3 >/dev/null"))
		SKIP(return, "there is no python3");
	pid = start(arguments);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, comparison_take(&comparison, pid, &self->options, TRIES));
	EXPECT_EQ(0U, comparison_check(&comparison, false));
	EXPECT_LE(64UL << 20, comparison.full.record.classes[MEMCLASS_CLASS_ANON].anon);
	EXPECT_LE(8UL << 20, comparison.full.record.classes[MEMCLASS_CLASS_SHM].virt);
	EXPECT_LE(1UL << 20, comparison.full.record.classes[MEMCLASS_CLASS_SHM].shmem);
	/* Where guards need no mapping, stacks that are neighbours become one. */
	EXPECT_LE(1U, comparison.full.record.classes[MEMCLASS_CLASS_TSTACK].vmas);
	EXPECT_GE(8U, comparison.full.record.classes[MEMCLASS_CLASS_TSTACK].vmas);
	EXPECT_LE(8 * 64UL << 10, comparison.full.record.classes[MEMCLASS_CLASS_TSTACK].virt);
	EXPECT_LT(0U, comparison.full.record.classes[MEMCLASS_CLASS_HEAP].rss);
	EXPECT_LT(0U, comparison.full.record.classes[MEMCLASS_CLASS_TEXT].file);
	comparison_free(&comparison);
	kill(pid, SIGKILL);
}

/*
 * A backend that has read a table into the shared buffers, and waits; with it, all
 * processes of the server.
 */
static const char fill_buffers[] =
	"runuser -u postgres -- psql -qAt -c 'DROP TABLE IF EXISTS memclass' "
	"-c 'CREATE TABLE memclass AS SELECT i, repeat(md5(i::text), 8) AS t "
	"FROM generate_series(1, 100000) i' >/dev/null 2>&1";

static bool is_postgres(pid_t pid)
{
	char path[40], comm[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	if (read(fd, comm, sizeof(comm) - 1) < 0)
		comm[0] = 0;
	close(fd);
	return !strcmp(comm, "postgres\n");
}

TEST_F_TIMEOUT(system, postgresql, 300)
{
	char *const session[] = {
		"runuser",
		"-u",
		"postgres",
		"--",
		"env",
		"PGOPTIONS=-c max_parallel_workers_per_gather=0",
		"psql",
		"-At",
		"-c",
		"SELECT count(t) FROM memclass",
		"-c",
		"SELECT pg_sleep(3600)",
		NULL,
	};
	unsigned int compared = 0, with_buffers = 0, with_system_v = 0;
	struct dirent **entries;
	pid_t psql;
	int nr, i;

	if (system("runuser -u postgres -- psql -c '' >/dev/null 2>&1"))
		SKIP(return, "there is no PostgreSQL that answers");
	ASSERT_EQ(0, system(fill_buffers));
	psql = start(session);
	ASSERT_LT(0, psql);

	nr = scandir("/proc", &entries, is_pid, by_pid);
	for (i = 0; i < nr; i++) {
		const struct memclass_counts *classes;
		pid_t pid = atoi(entries[i]->d_name);
		struct comparison comparison;
		int err;

		free(entries[i]);
		if (!is_postgres(pid))
			continue;
		err = comparison_take(&comparison, pid, &self->options, TRIES);
		/* The launcher of autovacuum starts and ends workers. */
		if (err == -ESRCH || err == -ENOENT)
			continue;
		EXPECT_EQ(0, err)
		{
			TH_LOG("pid %d: %s", pid, strerror(-err));
			continue;
		}
		EXPECT_EQ(0U, comparison_check(&comparison, false));
		classes = comparison.full.record.classes;
		with_buffers += classes[MEMCLASS_CLASS_SHM].shmem >= 16 << 20;
		with_system_v += classes[MEMCLASS_CLASS_SYSV].vmas > 0;
		compared++;
		comparison_free(&comparison);
	}
	free(entries);
	kill(psql, SIGKILL);
	/* The server, what it always has, and the backend. */
	EXPECT_LE(5U, compared);
	/* The one that reads the table, at the least. */
	EXPECT_LE(1U, with_buffers);
	/* All but those that have let go of the server's memory. */
	EXPECT_LE(5U, with_system_v);
}

TEST_HARNESS_MAIN
