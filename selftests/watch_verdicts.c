// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: memclass watch has the right verdict of each kind of leak, of 1 MiB a minute,
 * within a minute, and suspects nothing that does not leak.
 * Oracle: what the programs of workloads/ were told to do. They all run at once.
 *
 * Of the environment, for "make soak": VERDICTS_SEED, VERDICTS_SECONDS of a watch,
 * VERDICTS_RATE in KiB a minute, and VERDICTS_ONLY: "leaks", "innocent", or the kind of
 * a workload.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "client/run.h"
#include "client/workload.h"

#define SECONDS		60
#define RATE		1024
#define NOISE		96

/* Huge pages are that large: at a lower rate there are too few of them in a minute. */
#define HUGE_RATE	16384
#define HUGE_PAGES	"48"

static const struct deed {
	const char *kind;
	const char *course;
	const char *class;
	const char *verdict;
	unsigned int rate;		/* 0: what is asked for */
	bool machine;			/* it shows in the machine, not in the process */
} deeds[] = {
#define LEAK(what, its_class, its_verdict) \
	.kind = what, .course = "leak", .class = its_class, .verdict = its_verdict
	{ LEAK("heap", "heap", "heap-growth") },
	{ LEAK("anon", "anon", "anon-growth") },
	{ LEAK("mapping", "anon", "mapping-leak") },
	{ LEAK("address-space", "anon", "address-space-leak") },
	{ LEAK("threads", "threads", "thread-leak") },
	{ LEAK("shm", "shm", "shm-growth") },
	{ LEAK("sysv", "sysv", "shm-growth") },
	{ LEAK("tmpfs", "tmpfs", "tmpfs-growth") },
	{ LEAK("tmpfs-file", "unmapped-shmem", "tmpfs-growth"), .machine = true },
	{ LEAK("memfd", "memfd", "memfd-growth") },
	{ LEAK("file", "file", "file-mapping-growth") },
	{ LEAK("cow", "data", "cow-growth") },
	{ LEAK("page-tables", "page-tables", "page-table-growth") },
	{ LEAK("hugetlb", "hugetlb", "hugetlb-growth"), .rate = HUGE_RATE },
	{ LEAK("pipe", "residue", "unattributed-growth"), .machine = true },
#undef LEAK
#define CALM(what, how, its_class, its_verdict) \
	.kind = what, .course = how, .class = its_class, .verdict = its_verdict
	{ CALM("heap", "steady", "heap", "steady") },
	{ CALM("anon", "steady", "anon", "steady") },
	{ CALM("tmpfs", "steady", "tmpfs", "steady") },
	{ CALM("heap", "warmup", "heap", "warming-up") },
	{ CALM("anon", "warmup", "anon", "warming-up") },
	{ CALM("heap", "sawtooth", "heap", "sawtooth") },
	{ CALM("anon", "sawtooth", "anon", "sawtooth") },
	{ CALM("cache", "leak", "file", "cache") },
#undef CALM
};

#define NR_DEEDS	(sizeof(deeds) / sizeof(deeds[0]))

static const char *setting(const char *name, const char *otherwise)
{
	return getenv(name) ?: otherwise;
}

static unsigned int number(const char *name, unsigned int otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 10) : otherwise;
}

static bool leaks(const struct deed *deed)
{
	return !strcmp(deed->course, "leak") && strcmp(deed->kind, "cache");
}

static bool is_wanted(const struct deed *deed)
{
	const char *only = setting("VERDICTS_ONLY", "");

	if (!*only)
		return true;
	if (!strcmp(only, "leaks"))
		return leaks(deed);
	if (!strcmp(only, "innocent"))
		return !leaks(deed);
	return leaks(deed) && !strcmp(only, deed->kind);
}

struct started {
	const struct deed *deed;
	struct workload workload;
};

static void make_huge_pages(const char *number_of_them)
{
	FILE *file = fopen("/proc/sys/vm/nr_hugepages", "w");

	if (!file)
		return;
	fputs(number_of_them, file);
	fclose(file);
}

static bool start(struct started *started, const struct deed *deed, unsigned int seed)
{
	char rate[32], noise[32], seeds[32];

	started->deed = deed;
	snprintf(rate, sizeof(rate), "rate=%u", deed->rate ?: number("VERDICTS_RATE", RATE));
	snprintf(noise, sizeof(noise), "noise=%u", NOISE);
	snprintf(seeds, sizeof(seeds), "seed=%u", seed);
	return workload_start(&started->workload, deed->kind, deed->course, rate, noise, seeds,
			      "seconds=3600", NULL);
}

/* What is said of a process, or with pid 0 of the machine, and of a class there. */
static const struct json *finding_of(const struct json *findings, pid_t pid, const char *class)
{
	const struct json *json = findings ? findings->first : NULL;

	for (; json; json = json->next) {
		if (json_type(json, "pid") == JSON_NULL ? pid : json_number(json, "pid") != (uint64_t)pid)
			continue;
		if (!strcmp(json_string(json, "class"), class))
			return json;
	}
	return NULL;
}

static bool is_machine(const struct json *finding)
{
	return json_type(finding, "pid") == JSON_NULL;
}

FIXTURE(watch)
{
	struct started started[NR_DEEDS];
	size_t count;
	struct run run;
};

FIXTURE_SETUP(watch)
{
	unsigned int seed = number("VERDICTS_SEED", 1);
	size_t i;

	if (!module_is_there())
		SKIP(return, "needs the module");
	make_huge_pages(HUGE_PAGES);
	for (i = 0; i < NR_DEEDS; i++) {
		if (!is_wanted(&deeds[i]))
			continue;
		ASSERT_TRUE(start(&self->started[self->count++], &deeds[i],
				  seed * NR_DEEDS + i))
		TH_LOG("%s", deeds[i].kind);
	}
}

FIXTURE_TEARDOWN(watch)
{
	run_free(&self->run);
	make_huge_pages("0");
}

/* Whose process it is; NULL: nobody's, or the machine's. */
static const struct deed *owner(const FIXTURE_DATA(watch) * self, const struct json *finding)
{
	size_t i;

	for (i = 0; !is_machine(finding) && i < self->count; i++)
		if (json_number(finding, "pid") == (uint64_t)self->started[i].workload.pid)
			return self->started[i].deed;
	return NULL;
}

/* Is this suspicion what one of them deserves? */
static bool is_deserved(const FIXTURE_DATA(watch) * self, const struct json *finding)
{
	const struct deed *deed = owner(self, finding);
	const char *verdict = json_string(finding, "verdict");
	size_t i;

	if (deed)
		return !strcmp(deed->verdict, verdict);
	for (i = 0; is_machine(finding) && i < self->count; i++) {
		deed = self->started[i].deed;
		if (deed->machine && !strcmp(deed->verdict, verdict))
			return true;
	}
	return false;
}

static void tell(struct __test_metadata *_metadata, const struct json *finding)
{
	TH_LOG("%s %s: %s, %lu an hour, fit %lu, confidence %lu", json_string(finding, "comm"),
	       json_string(finding, "class"), json_string(finding, "verdict"),
	       (unsigned long)json_number(finding, "rate"),
	       (unsigned long)json_number(finding, "fit"),
	       (unsigned long)json_number(finding, "confidence"));
}

/* In a watch that is much longer, what warms up has long been steady. */
static bool has_settled(const struct deed *deed)
{
	return !leaks(deed) && number("VERDICTS_SECONDS", SECONDS) > SECONDS;
}

static void expect_verdict(struct __test_metadata *_metadata, const struct json *findings,
			   const struct started *started)
{
	const struct deed *deed = started->deed;
	const struct json *finding;

	if (has_settled(deed))
		return;
	finding = finding_of(findings, deed->machine ? 0 : started->workload.pid, deed->class);
	ASSERT_NE(NULL, finding)
	TH_LOG("%s: nothing of %s", started->workload.did, deed->class);
	EXPECT_STREQ(deed->verdict, json_string(finding, "verdict"))
	{
		TH_LOG("%s", started->workload.did);
		tell(_metadata, finding);
	}
}

TEST_F_TIMEOUT(watch, right_verdicts, 900)
{
	const struct json *findings, *finding;
	char seconds[16];
	bool any = false;
	size_t i;

	snprintf(seconds, sizeof(seconds), "%u", number("VERDICTS_SECONDS", SECONDS));
	for (i = 0; i < self->count; i++) {
		any |= leaks(self->started[i].deed);
		ASSERT_TRUE(workload_go(&self->started[i].workload));
	}
	run(&self->run, "watch", "--all", "--for", seconds, "--json", NULL);
	for (i = 0; i < self->count; i++)
		workload_end(&self->started[i].workload);

	EXPECT_EQ(any ? 3 : 0, self->run.status)
	TH_LOG("%s", self->run.err);
	ASSERT_TRUE(run_json(&self->run));
	findings = json_member(self->run.json, "findings");
	ASSERT_NE(NULL, findings);
	for (i = 0; i < self->count; i++)
		expect_verdict(_metadata, findings, &self->started[i]);
	for (finding = findings->first; finding; finding = finding->next) {
		if (json_type(finding, "suspected") != JSON_TRUE)
			continue;
		EXPECT_TRUE(is_deserved(self, finding))
		tell(_metadata, finding);
	}
}

TEST_HARNESS_MAIN
