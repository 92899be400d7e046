// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: growth.c tells leaks from what only looks like one, from samples alone: with
 * noise, steps, restarts, samples that are missing and clocks that jump.
 * Oracle: how this test made the samples. Nothing here depends on the machine.
 */
#include <stdlib.h>

#include "kselftest_harness.h"

#include "../userspace/growth.h"

#define KIB	1024.0
#define MIB	(1024 * KIB)
#define SEC	1000000000ULL
#define SEEDS	20

/* A course of time: how much there is after so many seconds of so many. */
typedef double (*course)(double seconds, double of);

/* 1 MiB a minute. */
static double leak(double seconds, double of)
{
	return seconds * MIB / 60;
}

static double flat(double seconds, double of)
{
	return 0;
}

static double falling(double seconds, double of)
{
	return 8 * MIB - leak(seconds, of);
}

/* Half of it after a tenth of the time, and so on. */
static double warmup(double seconds, double of)
{
	double left = 1;

	for (; seconds > of / 10; seconds -= of / 10)
		left /= 2;
	return 8 * MIB * (1 - left * (1 - seconds / (of / 10) / 2));
}

static double ramp_then_flat(double seconds, double of)
{
	return leak(seconds < of * 0.7 ? seconds : of * 0.7, of);
}

static double modulo(double seconds, double period)
{
	return seconds - period * (unsigned int)(seconds / period);
}

static double sawtooth(double seconds, double of)
{
	return 4 * MIB * modulo(seconds, 13) / 13;
}

static double slow_sawtooth(double seconds, double of)
{
	return 4 * MIB * modulo(seconds, of / 3) / (of / 3);
}

/* The points that it falls back to rise. */
static double leak_and_collect(double seconds, double of)
{
	return 8 * leak(seconds, of) + 4 * MIB * modulo(seconds, of / 20) / (of / 20);
}

static double one_step(double seconds, double of)
{
	return seconds > of / 2 ? 8 * MIB : 0;
}

static double two_steps(double seconds, double of)
{
	return 8 * MIB * ((seconds > of * 0.3) + (seconds > of * 0.7));
}

/* A huge page at a time. */
static double staircase(double seconds, double of)
{
	return 2 * MIB * (unsigned int)(16 * leak(seconds, of) / (2 * MIB));
}

/* Some MiB more, for a while. */
static double leak_and_bump(double seconds, double of)
{
	return leak(seconds, of) + (seconds > of * 0.3 && seconds < of * 0.4 ? 4 * MIB : 0);
}

/* Some KiB less in two samples, as when pages are counted twice that move. */
static double leak_and_dip(double seconds, double of)
{
	const bool dips = seconds > of * 0.8 && seconds < of * 0.8 + 2;

	return leak(seconds, of) - (dips ? 600 << 10 : 0);
}

/* What can happen to samples. */
enum trouble {
	NONE,
	MISSING,		/* every third, and ten in a row */
	CLOCK_BACK,		/* by an hour */
	CLOCK_AHEAD,
	CLOCK_STILL,		/* for some samples */
	RESTARTS,		/* begins anew, three times */
	LATE,			/* some samples by half an interval */
};

struct samples {
	struct growth *growth;
	struct growth_sample sample;
	enum trouble trouble;
	double seconds;		/* in all */
};

static bool is_missing(unsigned int i)
{
	return i % 3 == 1 || (i > 20 && i < 31);
}

/* The time as the clock has it, and as it is. */
static uint64_t clock_of(const struct samples *samples, unsigned int i)
{
	uint64_t ns = 100 * 3600 * SEC + i * SEC;
	bool second_half = i > samples->seconds / 2;

	switch (samples->trouble) {
	case CLOCK_BACK:
		return second_half ? ns - 3600 * SEC : ns;
	case CLOCK_AHEAD:
		return second_half ? ns + 3600 * SEC : ns;
	case CLOCK_STILL:
		return i > 10 && i < 14 ? ns - (i - 10) * SEC : ns;
	case LATE:
		return ns + SEC / 2 * (lrand48() % 5 == 0);
	default:
		return ns;
	}
}

static double noise(double most)
{
	return most * (2 * drand48() - 1);
}

/* Adds what a course gives to one figure of a row; the others are left alone. */
struct part {
	enum growth_row row;
	enum growth_figure figure;
	course course;
	double scale;
	double noise;
};

static void take(struct samples *samples, const struct part *parts, size_t count, unsigned int i)
{
	unsigned int life = samples->trouble == RESTARTS ? i * 4 / samples->seconds : 0;
	double seconds = i - life * samples->seconds / 4;
	size_t p;

	if (samples->trouble == MISSING && is_missing(i))
		return;
	for (p = 0; p < count; p++) {
		double value = 100 + parts[p].scale * parts[p].course(seconds, samples->seconds) +
			       noise(parts[p].noise);

		if (parts[p].scale >= 1)
			value = 100 * MIB + 4096 * (long)(value / 4096);
		samples->sample.rows[parts[p].row].values[parts[p].figure] = value;
	}
	samples->sample.life = life;
	samples->sample.time_ns = clock_of(samples, i);
	growth_add(samples->growth, &samples->sample);
}

/* Takes a sample a second, and judges them. The first part's row is what is looked at. */
static struct growth_finding judge(const struct part *parts, size_t count, double seconds,
				   enum trouble trouble, long seed)
{
	struct growth_finding findings[GROWTH_ROWS], none = { .row = GROWTH_ROWS };
	struct samples samples = {
		.growth = growth_new(),
		.trouble = trouble,
		.seconds = seconds,
	};
	size_t found, i;

	srand48(seed);
	for (i = 0; i <= seconds; i++)
		take(&samples, parts, count, i);
	found = growth_judge(samples.growth, 0, findings);
	growth_free(samples.growth);
	for (i = 0; i < found; i++)
		if (findings[i].row == parts[0].row)
			return findings[i];
	return none;
}

#define CLASS(class)	((enum growth_row)MEMCLASS_CLASS_##class)
#define HEAP		CLASS(HEAP)
#define NOISE		(96 * KIB)

/* The shapes of one figure: the size of a heap. */
static const struct row {
	const char *what;
	course course;
	enum trouble trouble;
	double noise;
	enum verdict verdict;
} table[] = {
	{ "a leak", leak, NONE, 0, VERDICT_HEAP_GROWTH },
	{ "with noise", leak, NONE, NOISE, VERDICT_HEAP_GROWTH },
	{ "with late samples", leak, LATE, NOISE, VERDICT_HEAP_GROWTH },
	{ "with missing samples", leak, MISSING, NOISE, VERDICT_HEAP_GROWTH },
	{ "when the clock is set back", leak, CLOCK_BACK, NOISE, VERDICT_HEAP_GROWTH },
	{ "when the clock is set ahead", leak, CLOCK_AHEAD, NOISE, VERDICT_HEAP_GROWTH },
	{ "when the clock stands still", leak, CLOCK_STILL, NOISE, VERDICT_HEAP_GROWTH },
	{ "across restarts", leak, RESTARTS, 16 * KIB, VERDICT_HEAP_GROWTH },
	{ "in steps", staircase, NONE, NOISE, VERDICT_HEAP_GROWTH },
	{ "under a collector", leak_and_collect, NONE, NOISE, VERDICT_HEAP_GROWTH },
	{ "nothing", flat, NONE, 0, VERDICT_STEADY },
	{ "noise", flat, NONE, NOISE, VERDICT_STEADY },
	{ "much noise", flat, NONE, MIB, VERDICT_STEADY },
	{ "noise with missing samples", flat, MISSING, NOISE, VERDICT_STEADY },
	{ "noise when the clock is set back", flat, CLOCK_BACK, NOISE, VERDICT_STEADY },
	{ "noise across restarts", flat, RESTARTS, NOISE, VERDICT_STEADY },
	{ "a fall", falling, NONE, NOISE, VERDICT_STEADY },
	{ "one step", one_step, NONE, NOISE, VERDICT_STEADY },
	{ "one step with missing samples", one_step, MISSING, NOISE, VERDICT_STEADY },
	{ "two steps", two_steps, NONE, NOISE, VERDICT_STEADY },
	{ "a plateau", warmup, NONE, NOISE, VERDICT_WARMING_UP },
	{ "a plateau without noise", warmup, NONE, 0, VERDICT_WARMING_UP },
	{ "a plateau with missing samples", warmup, MISSING, NOISE, VERDICT_WARMING_UP },
	{ "a plateau that is reached at once", ramp_then_flat, NONE, 8 * KIB, VERDICT_WARMING_UP },
	{ "a plateau when the clock is set back", warmup, CLOCK_BACK, NOISE, VERDICT_WARMING_UP },
	{ "a collector", sawtooth, NONE, NOISE, VERDICT_SAWTOOTH },
	{ "a collector without noise", sawtooth, NONE, 0, VERDICT_SAWTOOTH },
	{ "a slow collector", slow_sawtooth, NONE, NOISE, VERDICT_SAWTOOTH },
};

#define NR_ROWS		(sizeof(table) / sizeof(table[0]))

FIXTURE(growth) {};

FIXTURE_SETUP(growth)
{
}

FIXTURE_TEARDOWN(growth)
{
}

static void expect_rows(struct __test_metadata *_metadata, double seconds)
{
	struct growth_finding finding;
	struct part part;
	long seed;
	size_t i;

	for (i = 0; i < NR_ROWS; i++) {
		part = (struct part) { HEAP, GROWTH_SIZE, table[i].course, 1, table[i].noise };
		for (seed = 0; seed < SEEDS; seed++) {
			finding = judge(&part, 1, seconds, table[i].trouble, seed);
			EXPECT_EQ(table[i].verdict, finding.verdict)
			TH_LOG("%s, seed %ld, %.0f s: %s", table[i].what, seed, seconds,
			       verdicts[finding.verdict].name);
		}
	}
}

TEST_F(growth, shapes_in_a_minute)
{
	expect_rows(_metadata, 60);
}

TEST_F(growth, shapes_in_five_minutes)
{
	expect_rows(_metadata, 300);
}

#define PARTS		4

#define PART(of, its, how, by) \
	{ \
		.row = (of), .figure = GROWTH_##its, .course = (how), .scale = (by) \
	}
#define NOISY(of, its, how, by, loud) \
	{ \
		.row = (of), .figure = GROWTH_##its, .course = (how), .scale = (by), .noise = (loud) \
	}
#define CAUSE(what, verdict, ...) \
	{ \
		what, { __VA_ARGS__ }, VERDICT_##verdict \
	}

/* What else moves along decides what it is called. */
static const struct cause {
	const char *what;
	struct part parts[PARTS];
	enum verdict verdict;
} causes[] = {
	CAUSE("a large malloc", ANON_GROWTH, PART(CLASS(ANON), SIZE, leak, 1),
	      PART(CLASS(ANON), VIRT, leak, 1)),
	CAUSE("mmap() of single pages", MAPPING_LEAK, PART(CLASS(ANON), SIZE, leak, 1),
	      PART(CLASS(ANON), VIRT, leak, 2), PART(CLASS(ANON), VMAS, leak, 1 / 4096.0)),
	CAUSE("mmap() that is not used", ADDRESS_SPACE_LEAK, PART(CLASS(ANON), VIRT, leak, 1),
	      PART(CLASS(ANON), SIZE, flat, 1)),
	CAUSE("an arena that fills", ANON_GROWTH, PART(CLASS(ANON), VIRT, leak, 4),
	      PART(CLASS(ANON), SIZE, leak, 1)),
	CAUSE("threads", THREAD_LEAK, PART(GROWTH_THREADS, SIZE, leak, 1 / 65536.0)),
	CAUSE("stacks of threads", THREAD_LEAK, PART(CLASS(TSTACK), VMAS, leak, 1 / 65536.0),
	      PART(GROWTH_THREADS, SIZE, leak, 1 / 65536.0),
	      PART(CLASS(TSTACK), VIRT, leak, 8)),
	CAUSE("guard pages of threads", THREAD_LEAK, PART(CLASS(ANON), VMAS, leak, 1 / 65536.0),
	      PART(GROWTH_THREADS, SIZE, leak, 1 / 65536.0)),
	CAUSE("mappings beside threads", MAPPING_LEAK,
	      PART(CLASS(ANON), VMAS, leak, 1 / 4096.0),
	      PART(GROWTH_THREADS, SIZE, leak, 1 / 65536.0)),
	CAUSE("tables of threads", STEADY, PART(GROWTH_PAGE_TABLES, SIZE, leak, 1 / 8.0),
	      PART(GROWTH_THREADS, SIZE, leak, 1 / 16384.0)),
	CAUSE("tables of dense memory", STEADY, PART(GROWTH_PAGE_TABLES, SIZE, leak, 1),
	      PART(CLASS(ANON), SIZE, leak, 512)),
	CAUSE("tables of hardly anything", PAGE_TABLE_GROWTH,
	      PART(GROWTH_PAGE_TABLES, SIZE, leak, 1), PART(CLASS(ANON), SIZE, leak, 1)),
	CAUSE("shared memory", SHM_GROWTH, PART(CLASS(SHM), SIZE, leak, 1)),
	CAUSE("System V", SHM_GROWTH, PART(CLASS(SYSV), SIZE, leak, 1)),
	CAUSE("tmpfs", TMPFS_GROWTH, PART(CLASS(TMPFS), SIZE, leak, 1)),
	CAUSE("tmpfs, not mapped", TMPFS_GROWTH, PART(GROWTH_SHMEM, SIZE, leak, 1)),
	CAUSE("memfd", MEMFD_GROWTH, PART(CLASS(MEMFD), SIZE, leak, 1)),
	CAUSE("huge pages", HUGETLB_GROWTH, PART(CLASS(HUGETLB), SIZE, staircase, 1)),
	CAUSE("a file that is read", CACHE, PART(CLASS(FILE), SIZE, leak, 1)),
	CAUSE("a file that is written", FILE_MAPPING_GROWTH, PART(CLASS(FILE), SIZE, leak, 1),
	      PART(CLASS(FILE), FIRM, leak, 1)),
	CAUSE("a file that is written back", CACHE, PART(CLASS(FILE), SIZE, leak, 1),
	      PART(CLASS(FILE), FIRM, sawtooth, 1)),
	CAUSE("a library that is read", CACHE, PART(CLASS(TEXT), SIZE, leak, 1)),
	CAUSE("a file that is copied", COW_GROWTH, PART(CLASS(DATA), SIZE, leak, 1),
	      PART(CLASS(DATA), FIRM, leak, 1)),
	CAUSE("slab", UNATTRIBUTED_GROWTH, PART(GROWTH_SLAB, SIZE, leak, 1)),
	CAUSE("no line of meminfo", UNATTRIBUTED_GROWTH,
	      NOISY(GROWTH_RESIDUE, SIZE, leak, 1, NOISE)),
	CAUSE("the same, with pages on their way", UNATTRIBUTED_GROWTH,
	      PART(GROWTH_RESIDUE, SIZE, leak_and_bump, 1)),
	CAUSE("the same, with pages counted twice", UNATTRIBUTED_GROWTH,
	      PART(GROWTH_RESIDUE, SIZE, leak_and_dip, 1)),
	CAUSE("pages on their way", STEADY, NOISY(GROWTH_RESIDUE, SIZE, flat, 1, MIB)),
	CAUSE("a residue that comes and goes", STEADY,
	      PART(GROWTH_RESIDUE, SIZE, slow_sawtooth, 1)),
};

static size_t count_parts(const struct part *parts)
{
	size_t count = 0;

	while (count < PARTS && parts[count].course)
		count++;
	return count;
}

TEST_F(growth, causes)
{
	struct growth_finding finding;
	long seed;
	size_t i;

	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		for (seed = 0; seed < SEEDS; seed++) {
			finding = judge(causes[i].parts, count_parts(causes[i].parts), 60, NONE, seed);
			EXPECT_EQ(causes[i].verdict, finding.verdict)
			TH_LOG("%s, seed %ld: %s", causes[i].what, seed,
			       verdicts[finding.verdict].name);
		}
	}
}

/* The figures beside a verdict: a tenth off at most. */
TEST_F(growth, rate)
{
	const struct part part = { HEAP, GROWTH_SIZE, leak, 1, NOISE };
	struct growth_finding finding;
	long seed;

	for (seed = 0; seed < SEEDS; seed++) {
		finding = judge(&part, 1, 60, NONE, seed);
		EXPECT_LT(finding.trend.per_second, 1.1 * MIB / 60);
		EXPECT_GT(finding.trend.per_second, 0.9 * MIB / 60);
		EXPECT_GT(finding.trend.fit, 0.8);
		EXPECT_GT(finding.trend.confidence, 0.6);
		EXPECT_LE(finding.trend.confidence, 1);
	}
}

TEST_F(growth, too_few_samples)
{
	const struct part part = { HEAP, GROWTH_SIZE, leak, 60, 0 };
	struct growth_finding finding;

	finding = judge(&part, 1, TREND_POINTS_MIN - 2, NONE, 0);
	EXPECT_EQ(VERDICT_UNKNOWN, (int)finding.verdict);
	finding = judge(&part, 1, TREND_POINTS_MIN - 1, NONE, 0);
	EXPECT_EQ(VERDICT_HEAP_GROWTH, (int)finding.verdict);
}

/* Who came late. */
TEST_F(growth, begun)
{
	struct growth_finding findings[GROWTH_ROWS];
	struct growth *growth = growth_new();
	struct growth_sample sample = { 0 };
	unsigned int i;

	ASSERT_NE(NULL, growth);
	for (i = 0; i < 30; i++) {
		sample.time_ns = i * SEC;
		sample.rows[HEAP].values[GROWTH_SIZE] = i << 20;
		ASSERT_TRUE(growth_add(growth, &sample));
	}
	ASSERT_EQ(1U, growth_judge(growth, 60, findings));
	EXPECT_EQ(VERDICT_HEAP_GROWTH, (int)findings[0].verdict);
	ASSERT_EQ(1U, growth_judge(growth, 62, findings));
	EXPECT_EQ(VERDICT_UNKNOWN, (int)findings[0].verdict);
	growth_free(growth);
}

/* However long it is watched, it takes the same memory, and knows it all. */
TEST_F(growth, a_day)
{
	const struct part slow = { HEAP, GROWTH_SIZE, leak, 1, NOISE };
	struct growth_finding finding = judge(&slow, 1, 86400, NONE, 1);

	EXPECT_EQ(VERDICT_HEAP_GROWTH, (int)finding.verdict);
	EXPECT_LT(finding.trend.per_second, 1.01 * MIB / 60);
	EXPECT_GT(finding.trend.per_second, 0.99 * MIB / 60);
}

/* What was not counted once is not judged. */
TEST_F(growth, not_counted)
{
	struct growth_finding findings[GROWTH_ROWS];
	struct growth *growth = growth_new();
	struct growth_sample sample = { 0 };
	unsigned int i;

	ASSERT_NE(NULL, growth);
	for (i = 0; i < 60; i++) {
		sample.time_ns = i * SEC;
		sample.rows[HEAP].values[GROWTH_SIZE] = i == 30 ? GROWTH_NOT_COUNTED : i << 20;
		ASSERT_TRUE(growth_add(growth, &sample));
	}
	ASSERT_EQ(1U, growth_judge(growth, 0, findings));
	EXPECT_EQ(VERDICT_UNKNOWN, (int)findings[0].verdict);
	growth_free(growth);
}

/* Without it a file's pages can be anything: nothing is said of them. */
TEST_F(growth, firm_not_counted)
{
	struct growth_finding findings[GROWTH_ROWS];
	struct growth *growth = growth_new();
	struct growth_sample sample = { 0 };
	unsigned int i;

	ASSERT_NE(NULL, growth);
	for (i = 0; i < 60; i++) {
		sample.time_ns = i * SEC;
		sample.rows[CLASS(DATA)].values[GROWTH_SIZE] = i << 20;
		sample.rows[CLASS(DATA)].values[GROWTH_FIRM] = GROWTH_NOT_COUNTED;
		ASSERT_TRUE(growth_add(growth, &sample));
	}
	ASSERT_EQ(1U, growth_judge(growth, 0, findings));
	EXPECT_EQ(VERDICT_UNKNOWN, (int)findings[0].verdict);
	growth_free(growth);
}

/* Faults are those between the first and the last sample, not those of a past life. */
TEST_F(growth, faults)
{
	struct growth_finding findings[GROWTH_ROWS];
	struct growth *growth = growth_new();
	struct growth_sample sample = { 0 };
	unsigned int i;

	ASSERT_NE(NULL, growth);
	for (i = 0; i <= 20; i++) {
		sample.time_ns = i * SEC;
		sample.life = i > 10;
		sample.rows[HEAP].values[GROWTH_SIZE] = 4096;
		sample.rows[HEAP].faults = sample.life ? 5 * (i - 11) : 1000 + 10 * i;
		ASSERT_TRUE(growth_add(growth, &sample));
	}
	ASSERT_EQ(1U, growth_judge(growth, 0, findings));
	EXPECT_EQ((10 * 10 + 9 * 5) / 20.0, findings[0].faults_per_second);
	growth_free(growth);
}

/* Every verdict has its words. */
TEST_F(growth, verdicts)
{
	size_t i;

	for (i = 0; i < NR_VERDICTS; i++) {
		EXPECT_NE(0, verdicts[i].name[0]);
		EXPECT_NE(0, verdicts[i].seen[0]);
		EXPECT_NE(0, verdicts[i].to_be_sure[0]);
	}
}

/* Saved and loaded, it goes on as if it had never been away. */
TEST_F(growth, saved)
{
	struct growth_finding whole[GROWTH_ROWS], loaded[GROWTH_ROWS];
	struct growth *growth[2] = { growth_new(), growth_new() };
	struct growth_sample sample = { 0 };
	struct bytes saved = { 0 };
	unsigned int i, found;

	for (i = 0; i < 300; i++) {
		sample.time_ns = i * SEC;
		sample.rows[HEAP].values[GROWTH_SIZE] = 100 * MIB + (i << 16) + i % 7 * 4096;
		sample.rows[HEAP].values[GROWTH_VMAS] = 1;
		sample.rows[HEAP].faults = 3 * i;
		sample.rows[GROWTH_THREADS].values[GROWTH_SIZE] = 5;
		ASSERT_TRUE(growth_add(growth[0], &sample));
		ASSERT_TRUE(growth_add(growth[1], &sample));
		if (i % 10)
			continue;
		ASSERT_TRUE(growth_save(growth[1], &saved));
		growth_free(growth[1]);
		growth[1] = growth_load(&saved);
		ASSERT_NE(NULL, growth[1]);
		EXPECT_EQ(saved.size, saved.at);
	}
	found = growth_judge(growth[0], 0, whole);
	ASSERT_EQ(found, growth_judge(growth[1], 0, loaded));
	EXPECT_EQ(2U, found);
	EXPECT_EQ(VERDICT_HEAP_GROWTH, (int)loaded[0].verdict);
	EXPECT_EQ(0, memcmp(whole, loaded, found * sizeof(*whole)));
	growth_free(growth[0]);
	growth_free(growth[1]);
	free(saved.data);
}

/* What was cut off anywhere is nothing. */
TEST_F(growth, saved_in_part)
{
	struct growth *growth = growth_new();
	struct growth_sample sample = { 0 };
	struct bytes saved = { 0 };
	unsigned int i;
	size_t size;

	for (i = 0; i < 20; i++) {
		sample.time_ns = i * SEC;
		sample.rows[HEAP].values[GROWTH_SIZE] = i << 20;
		ASSERT_TRUE(growth_add(growth, &sample));
	}
	ASSERT_TRUE(growth_save(growth, &saved));
	growth_free(growth);
	for (size = saved.size - 1; size; size--) {
		saved.size = size;
		saved.at = 0;
		EXPECT_EQ(NULL, growth_load(&saved));
	}
	free(saved.data);
}

/* A day of samples, of which the last hours count: what ended before is over. */
TEST_F(growth, forgotten)
{
	struct growth_finding findings[GROWTH_ROWS];
	struct growth *growth = growth_new();
	struct growth_sample sample = { 0 };
	const uint64_t minute = 60 * SEC, window = 6 * 60 * minute;
	unsigned int i;

	for (i = 0; i < 24 * 60; i++) {
		sample.time_ns = i * minute;
		/* Twelve hours of leaking, then peace; the other way round for the stack. */
		sample.rows[HEAP].values[GROWTH_SIZE] = (100UL + (i < 720 ? i : 720)) << 20;
		sample.rows[CLASS(STACK)].values[GROWTH_SIZE] =
			(100UL + (i > 960 ? i - 960 : 0)) << 20;
		if (sample.time_ns > window)
			growth_forget(growth, sample.time_ns - window);
		ASSERT_TRUE(growth_add(growth, &sample));
	}
	ASSERT_EQ(2U, growth_judge(growth, 0, findings));
	EXPECT_EQ(VERDICT_STEADY, (int)findings[0].verdict);
	EXPECT_EQ(VERDICT_ANON_GROWTH, (int)findings[1].verdict);
	EXPECT_GT(1.02 * MIB / 60, findings[1].trend.per_second);
	growth_free(growth);
}

TEST_HARNESS_MAIN
