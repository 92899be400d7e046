// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: "memclass system" adds up, in every form it has, says what the kernel's counters
 * say, goes on as often and as long as it is told, and takes kernels that count less or
 * more.
 * Oracle: arithmetic; /proc/meminfo, and files that stand in for it.
 */
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "client/ledger.h"
#include "client/synthetic.h"
#include "lib/child.h"
#include "lib/kernel.h"
#include "lib/patience.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

FIXTURE(system)
{
	struct ledger ledger;
	struct run run;
};

FIXTURE_SETUP(system)
{
	if (!module_is_there())
		SKIP(return, "needs the module");
}

FIXTURE_TEARDOWN(system)
{
	ledger_free(&self->ledger);
	run_free(&self->run);
}

static bool is_part(const char *name, const char *whole)
{
	size_t length = strlen(whole);

	return !strncmp(name, whole, length) && name[length] == '.' &&
	       !strchr(name + length + 1, '.');
}

/* The sum of the lines right below one; @parts of them. */
static uint64_t sum_below(const struct json *lines, const char *whole, unsigned int *parts)
{
	const struct json *line;
	uint64_t sum = 0;

	*parts = 0;
	for (line = lines->first; line; line = line->next) {
		if (is_part(json_string(line, "line"), whole)) {
			sum += json_number(line, "bytes");
			++*parts;
		}
	}
	return sum;
}

TEST_F(system, sums)
{
	const struct json *lines, *line;
	int64_t sum = 0;

	ASSERT_TRUE(ledger_take(&self->ledger));
	lines = json_member(self->ledger.run.json, "lines");
	ASSERT_LT(40U, json_length(lines));
	for (line = lines->first; line; line = line->next) {
		const char *name = json_string(line, "line");
		unsigned int parts;
		uint64_t below = sum_below(lines, name, &parts);

		EXPECT_NE(1U, parts);
		if (parts) {
			EXPECT_EQ(below, json_number(line, "bytes"))
			TH_LOG("%s", name);
		}
		if (!strchr(name, '.'))
			sum += json_number(line, "bytes");
		if (json_type(line, "difference") != JSON_NULL) {
			EXPECT_EQ((int64_t)(json_number(line, "bytes") - json_signed(line, "counted")),
				  json_signed(line, "difference"))
			TH_LOG("%s", name);
		}
	}
	EXPECT_EQ((int64_t)ledger_total(&self->ledger),
		  sum + ledger_residue(&self->ledger));
	EXPECT_EQ(meminfo("MemTotal"), ledger_total(&self->ledger));
	EXPECT_LT(1U, json_number(self->ledger.run.json, "processes"));
}

/* Memory that the kernel itself does not map: it takes it for pages of a file. */
TEST_F(system, secret_memory)
{
	const uint64_t length = 4 * 4096;
	int fd = syscall(SYS_memfd_secret, 0);
	char *map;

	if (fd < 0)
		SKIP(return, "memfd_secret: %m; from 6.5 on, or with secretmem.enable=y");
	ASSERT_EQ(0, ftruncate(fd, length));
	map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	/* Nobody but the process itself may touch it, not even to populate it. */
	memset(map, 1, length);
	ASSERT_TRUE(ledger_take(&self->ledger));
	EXPECT_EQ(length, ledger_bytes(&self->ledger, "processes.file.secret"));
	ledger_free(&self->ledger);
	munmap(map, length);
	ASSERT_TRUE(ledger_take(&self->ledger));
	EXPECT_EQ(0U, ledger_bytes(&self->ledger, "processes.file.secret"));
}

TEST_F(system, table)
{
	const uint64_t broken = meminfo("HardwareCorrupted");
	char row[64];

	run(&self->run, "system", NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_EQ(0, strncmp(self->run.out, "LINE ", 5));
	EXPECT_NE(NULL, strstr(self->run.out, "\nfree "));
	EXPECT_NE(NULL, strstr(self->run.out, "\n  anon "));
	EXPECT_NE(NULL, strstr(self->run.out, "\n    private-anon "));
	EXPECT_NE(NULL, strstr(self->run.out, "\nresidue "));
	/* What is nothing is left out; tests of broken memory leave some behind. */
	EXPECT_EQ(!broken, !strstr(self->run.out, "broken"));
	run_free(&self->run);

	/* For a script, each line is there under its full name. */
	run(&self->run, "system", "-rn", "-o", "line,bytes,counter", NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.out, "\nprocesses.anon.private-anon "));
	snprintf(row, sizeof(row), "\nkernel.broken %" PRIu64 " HardwareCorrupted\n", broken);
	EXPECT_NE(NULL, strstr(self->run.out, row));
	snprintf(row, sizeof(row), "\ntotal %" PRIu64 " MemTotal\n", meminfo("MemTotal"));
	EXPECT_NE(NULL, strstr(self->run.out, row));
}

/* A line of JSON for each round; what moved is the difference to the one before. */
TEST_F(system, watch_json)
{
	const char *at, *error;
	struct json *rounds[3];
	struct timespec begin, end;
	unsigned int i;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	run(&self->run, "system", "-jw0.3", "--count", "3", NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	EXPECT_EQ(0, self->run.status);
	EXPECT_LE(600, (end.tv_sec - begin.tv_sec) * 1000 +
			       (end.tv_nsec - begin.tv_nsec) / 1000000);
	for (i = 0, at = self->run.out; i < 3; i++) {
		const char *newline = strchr(at, '\n');

		ASSERT_NE(NULL, newline);
		rounds[i] = json_parse(&at, &error);
		ASSERT_NE(NULL, rounds[i])
		TH_LOG("%s", error);
		EXPECT_EQ(newline + 1, at);
	}
	EXPECT_EQ('\0', *at);

	EXPECT_EQ(JSON_NULL, json_type(rounds[0], "moved"));
	EXPECT_EQ(JSON_NULL, json_type(json_member(rounds[0], "per_second"), "minor_faults"));
	for (i = 1; i < 3; i++) {
		const struct json *line = json_member(rounds[i], "lines")->first;
		const struct json *before = json_member(rounds[i - 1], "lines")->first;

		for (; line && before; line = line->next, before = before->next)
			EXPECT_EQ(json_number(line, "bytes") - json_number(before, "bytes"),
				  (uint64_t)json_signed(line, "moved"));
		EXPECT_EQ(NULL, line);
		EXPECT_EQ(json_signed(rounds[i], "residue") - json_signed(rounds[i - 1], "residue"),
			  json_signed(rounds[i], "moved"));
		EXPECT_EQ(JSON_NUMBER,
			  json_type(json_member(rounds[i], "per_second"), "minor_faults"));
	}
	for (i = 0; i < 3; i++)
		json_free(rounds[i]);
}

/* A child that takes memory between two lines, page by page. */
static void take_when_told(const struct child *parent, void *data)
{
	child_tell(parent);
	while (child_wait(parent)) {
		char *map = malloc(32 * MIB);

		memset(map, 1, 32 * MIB);
		child_tell(parent);
	}
}

static bool read_line(int fd, char *line, size_t size)
{
	size_t at = 0;

	while (at < size - 1 && read(fd, line + at, 1) == 1 && line[at] != '\n')
		at++;
	line[at] = '\0';
	return at;
}

TEST_F(system, watch_lines)
{
	static const char headings[] = "TIME FREE P-ANON P-FILE S-ANON S-FILE OTHER SHMEM CACHE "
				       "KERNEL ZIPPED RESIDUE MINOR/s MAJOR/s IN/s OUT/s";
	struct child child = child_start(take_when_told, NULL);
	long long free_bytes, anon, faults;
	char line[512];
	int fd, i;

	ASSERT_NE(-1, child.pid);
	fd = run_start(&self->run, "system", "--raw", "--watch", "1", "--count", "2", NULL);
	ASSERT_TRUE(read_line(fd, line, sizeof(line)));
	for (i = 0; line[i]; i++)
		while (line[i] == ' ' && line[i + 1] == ' ')
			memmove(&line[i], &line[i + 1], strlen(&line[i]));
	EXPECT_STREQ(headings, line);
	ASSERT_TRUE(read_line(fd, line, sizeof(line)));
	ASSERT_EQ(2, sscanf(line, "%*s %lld %lld", &free_bytes, &anon))
	TH_LOG("%s", line);
	EXPECT_LT(0, anon);
	EXPECT_STREQ(" - - - -", line + strlen(line) - strlen(" - - - -"));
	/* The next line comes at its time: the child has until then. */
	ASSERT_TRUE(child_step(&child));
	ASSERT_TRUE(read_line(fd, line, sizeof(line)));
	ASSERT_EQ(3, sscanf(line, "%*s %lld %lld %*d %*d %*d %*d %*d %*d %*d %*d %*d %lld",
			    &free_bytes, &anon, &faults))
	TH_LOG("%s", line);
	EXPECT_NE(0, faults);
	run_finish(&self->run);
	EXPECT_EQ(0, self->run.status);
	EXPECT_STREQ("", self->run.out);
	child_end(&child);
}

TEST_F(system, wrong_use)
{
	static const struct {
		const char *arguments[4];
		const char *error;
	} wrong[] = {
		{ { "-w", "0" }, "no interval" },
		{ { "-w", "-1" }, "no interval" },
		{ { "-w", "nan" }, "no interval" },
		{ { "-w", "inf" }, "no interval" },
		{ { "-w", "0x10" }, "no interval" },
		{ { "-w", "1s" }, "no interval" },
		{ { "-w", "" }, "no interval" },
		{ { "-w", "1e9" }, "no interval" },
		{ { "-w", "1", "--count", "0" }, "no number of times" },
		{ { "-w", "1", "--count", "-1" }, "no number of times" },
		{ { "-w", "1", "--count", "2x" }, "no number of times" },
		{ { "--count", "2" }, "--count goes with --watch" },
		{ { "-w", "1", "-o", "line" }, "--columns does not go with it" },
		{ { "1" }, "does not take '1'" },
		{ { "-o", "rss" }, "no column 'rss'" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		const char *const *arguments = wrong[i].arguments;

		run(&self->run, "system", arguments[0], arguments[1], arguments[2], arguments[3],
		    NULL);
		EXPECT_EQ(2, self->run.status);
		EXPECT_STREQ("", self->run.out);
		EXPECT_NE(NULL, strstr(self->run.err, wrong[i].error))
		TH_LOG("%s", self->run.err);
		run_free(&self->run);
	}
}

/* Nobody reads on. */
TEST_F(system, closed_pipe)
{
	run_shell(&self->run, "memclass system -w 0.1 | head -n 3");
	EXPECT_EQ(0, self->run.status);
	EXPECT_STREQ("", self->run.err);
}

/*
 * Kernels that there are not.
 */

static const char *fake_meminfo;

/* The client sees this file instead of /proc/meminfo, and nobody else does. */
static void fake(void)
{
	static const char path[] = "/tmp/memclass-meminfo";
	FILE *file;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		_exit(125);
	file = fopen(path, "we");
	if (!file || fputs(fake_meminfo, file) < 0 || fclose(file) ||
	    mount(path, "/proc/meminfo", NULL, MS_BIND, NULL) || unlink(path))
		_exit(125);
}

static bool take_fake(struct ledger *ledger, const char *text)
{
	fake_meminfo = text;
	run_after(&ledger->run, fake, "system", "--json", NULL);
	return !ledger->run.status && run_json(&ledger->run);
}

/* What is not counted is unknown, and not 0; less than nothing is nothing. */
TEST_F(system, kernel_that_counts_little)
{
	const struct json *line;

	ASSERT_TRUE(take_fake(&self->ledger, "MemTotal: 1000000000 kB\n"
					     "MemFree: 4000 kB\n"
					     "nonsense\n"
					     "Shmem: kB\n"
					     "GPUActive: 3 kB\n"));
	EXPECT_EQ(1000000000ULL * 1024, ledger_total(&self->ledger));
	EXPECT_EQ(4000U * 1024, ledger_bytes(&self->ledger, "free.pages"));
	EXPECT_EQ(3U * 1024, ledger_bytes(&self->ledger, "kernel.gpu"));
	EXPECT_EQ(0U, ledger_bytes(&self->ledger, "unmapped.cache"));
	line = ledger_line(&self->ledger, "kernel.slab");
	EXPECT_EQ(JSON_NULL, json_type(line, "counter"));
	EXPECT_EQ(JSON_NULL, json_type(line, "counted"));
	EXPECT_EQ(JSON_NULL, json_type(line, "difference"));
}

/* The residue can be less than nothing, and is shown as that. */
TEST_F(system, kernel_that_counts_too_much)
{
	ASSERT_TRUE(take_fake(&self->ledger, "MemTotal: 1000 kB\n"
					     "MemFree: 1000000 kB\n"));
	EXPECT_GT(-900000 * 1024LL, ledger_residue(&self->ledger));
	run_after(&self->run, fake, "system", NULL);
	EXPECT_EQ(0, self->run.status);
	EXPECT_NE(NULL, strstr(self->run.out, "\nresidue "));
	EXPECT_EQ('-', strstr(self->run.out, "\nresidue ")[strcspn(
			       strstr(self->run.out, "\nresidue "), "-0123456789")]);
}

TEST_F(system, no_kernel)
{
	fake_meminfo = "";
	run_after(&self->run, fake, "system", NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_STREQ("", self->run.out);
	EXPECT_NE(NULL, strstr(self->run.err, "MemTotal is missing"));
}

/* A module that does not say what pages are. */
TEST_F(system, older_module)
{
	struct layout layout = layout_own;
	struct synthetic synthetic;

	layout.nr_columns = MEMCLASS_COLUMN_pss_anon;
	synthetic_make(&synthetic, &layout);
	synthetic_add_record(&synthetic, 0, 1);
	run(&self->run, "system", "--debugfs", synthetic.dir, NULL);
	EXPECT_EQ(1, self->run.status);
	EXPECT_STREQ("", self->run.out);
	EXPECT_NE(NULL, strstr(self->run.err, "older"))
	TH_LOG("%s", self->run.err);
	synthetic_remove(&synthetic);
}

/* One that does not list objects: what they are together is known. */
TEST_F(system, module_without_objects)
{
	struct synthetic synthetic;

	synthetic_make(&synthetic, &layout_own);
	synthetic_add_record(&synthetic, 0, 1);
	run(&self->ledger.run, "system", "--json", "--debugfs", synthetic.dir, NULL);
	synthetic_remove(&synthetic);
	EXPECT_EQ(0, self->ledger.run.status);
	ASSERT_TRUE(run_json(&self->ledger.run));
	EXPECT_LT(0U, ledger_bytes(&self->ledger, "unmapped.shmem.unknown"));
	EXPECT_EQ(ledger_bytes(&self->ledger, "unmapped.shmem.unknown"),
		  ledger_bytes(&self->ledger, "unmapped.shmem"));
	EXPECT_EQ(0, ledger_difference(&self->ledger, "unmapped.shmem"));
}

TEST_HARNESS_MAIN
