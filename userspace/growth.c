// SPDX-License-Identifier: GPL-2.0
/* Judging what grows. What samples are kept, growth_points.c knows. */
#include "growth.h"

#include <string.h>

#include "growth_points.h"

/* Below this it is not yet a suspicion. */
#define CONFIDENT	0.5

const struct verdict_text verdicts[NR_VERDICTS] = {
#define ROW(verdict, name, suspected, seen, sure)	{ name, suspected, seen, sure },
	VERDICTS(ROW)
#undef ROW
};

#define KIB	1024.0

/* Whatever grew less while it was watched is no growth. */
static double least_rise(enum growth_row row, enum growth_figure figure)
{
	if (row == GROWTH_THREADS)
		return 6;
	if (figure == GROWTH_VMAS)
		return 8;
	if (figure == GROWTH_VIRT || row == GROWTH_SLAB || row == GROWTH_RESIDUE)
		return 512 * KIB;
	return 256 * KIB;
}

/* What all figures of a process do. */
struct motion {
	struct trend trends[GROWTH_ROWS][NR_GROWTH_FIGURES];
	double size_per_second;		/* of all classes */
};

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* So many samples in a row, of which the middle one by value counts. */
#define NEIGHBOURS	5

static double middle_of(const double *values, size_t count, size_t at)
{
	double sorted[NEIGHBOURS], value;
	size_t i, j, index;

	for (i = 0; i < NEIGHBOURS; i++) {
		index = at + i < NEIGHBOURS / 2 ? 0 : at + i - NEIGHBOURS / 2;
		value = values[index < count ? index : count - 1];
		for (j = i; j && sorted[j - 1] > value; j--)
			sorted[j] = sorted[j - 1];
		sorted[j] = value;
	}
	return sorted[NEIGHBOURS / 2];
}

/*
 * The kernel's counters are read one after the other while pages move: a sample in which
 * some are counted twice is too low by as much, and would lower all before it.
 */
static void drop_outliers(struct trend_points *points)
{
	double values[TREND_POINTS];
	size_t i;

	memcpy(values, points->values, sizeof(values));
	for (i = 0; i < points->count; i++)
		points->values[i] = middle_of(values, points->count, i);
}

/*
 * Of the machine's memory pages are on their way at any time, by the MiB: taken off one
 * list and not yet on another. What came back later was never lost.
 */
static void keep_lasting(struct trend_points *points)
{
	size_t i;

	for (i = points->count; i-- > 1;)
		if (points->values[i - 1] > points->values[i])
			points->values[i - 1] = points->values[i];
}

static struct trend trend_of_values(const struct growth *growth, enum growth_row row,
				    enum growth_figure figure)
{
	const uint64_t *values = growth->rows[row].series[figure].values;
	double least = least_rise(row, figure);
	struct trend_points points;
	size_t i;

	points.count = growth->count;
	for (i = 0; i < growth->count; i++)
		points.values[i] = values[i];
	memcpy(points.seconds, growth->seconds, sizeof(points.seconds));
	memcpy(points.parts, growth->parts, sizeof(points.parts));
	if (row >= GROWTH_SHMEM) {
		/* Noise that is made smooth can rise as well. */
		least = larger(least, TREND_STANDS_OUT * trend_of(&points, least).noise);
		drop_outliers(&points);
		keep_lasting(&points);
	}
	return trend_of(&points, least);
}

/* Most never change. */
static struct trend trend_of_series(const struct growth *growth, enum growth_row row,
				    enum growth_figure figure)
{
	const struct series *series = &growth->rows[row].series[figure];
	struct trend steady = { .shape = TREND_STEADY }, unknown = { .shape = TREND_UNKNOWN };

	if (series->unknown || growth->count < TREND_POINTS_MIN)
		return unknown;
	return series->values ? trend_of_values(growth, row, figure) : steady;
}

static bool rises(const struct trend *trend)
{
	return trend->shape == TREND_RISING && trend->confidence >= CONFIDENT;
}

static double speed(const struct motion *motion, enum growth_row row, enum growth_figure figure)
{
	return motion->trends[row][figure].per_second;
}

/* Threads bring mappings: a stack, a guard page, and an arena in up to three pieces. */
#define MAPPINGS_OF_THREAD	5

static bool threads_rise(const struct motion *motion, enum growth_row row)
{
	(void)row;
	return rises(&motion->trends[GROWTH_THREADS][GROWTH_SIZE]);
}

static bool by_threads(const struct motion *motion, enum growth_row row)
{
	return threads_rise(motion, row) &&
	       speed(motion, row, GROWTH_VMAS) <=
		       MAPPINGS_OF_THREAD * speed(motion, GROWTH_THREADS, GROWTH_SIZE);
}

/* What is used is not leaked as address space; a reserve fills slower than it grows. */
static bool unused(const struct motion *motion, enum growth_row row)
{
	return speed(motion, row, GROWTH_SIZE) * 8 < speed(motion, row, GROWTH_VIRT);
}

/* Dense memory has a page of tables for 512 pages; a thread's stack can need two. */
static bool out_of_proportion(const struct motion *motion, enum growth_row row)
{
	double allowed = motion->size_per_second / 16;

	if (threads_rise(motion, row))
		allowed += 2 * 4 * KIB * speed(motion, GROWTH_THREADS, GROWTH_SIZE);
	return speed(motion, row, GROWTH_SIZE) > allowed;
}

/* With too little counted, what is dirty or copied could be what grows. */
static bool is_not_firm(const struct motion *motion, enum growth_row row)
{
	return motion->trends[row][GROWTH_FIRM].shape != TREND_UNKNOWN;
}

#define BIT(row)	(1ULL << (row))
#define CLASS(class)	BIT(MEMCLASS_CLASS_##class)
#define ALL_CLASSES	(BIT(GROWTH_THREADS) - 1)
#define PRIVATE_FILES	(CLASS(TEXT) | CLASS(DATA) | CLASS(RODATA))

/*
 * For rows of these, when this figure rises and, if there is a condition, that holds:
 * the first one that fits. What comes first is a cause of what comes later.
 */
static const struct rule {
	enum verdict verdict;
	uint64_t rows;
	enum growth_figure figure;
	bool (*holds)(const struct motion *motion, enum growth_row row);
} rules[] = {
	{ VERDICT_THREAD_LEAK, BIT(GROWTH_THREADS), GROWTH_SIZE, NULL },
	{ VERDICT_THREAD_LEAK, CLASS(TSTACK), GROWTH_SIZE, threads_rise },
	{ VERDICT_THREAD_LEAK, CLASS(TSTACK) | CLASS(ANON), GROWTH_VMAS, by_threads },
	{ VERDICT_MAPPING_LEAK, ALL_CLASSES, GROWTH_VMAS, NULL },
	{ VERDICT_ADDRESS_SPACE_LEAK, ALL_CLASSES, GROWTH_VIRT, unused },
	{ VERDICT_HEAP_GROWTH, CLASS(HEAP), GROWTH_SIZE, NULL },
	{ VERDICT_ANON_GROWTH, CLASS(ANON) | CLASS(BSS) | CLASS(STACK) | CLASS(TSTACK),
	  GROWTH_SIZE, NULL },
	{ VERDICT_SHM_GROWTH, CLASS(SHM) | CLASS(SYSV), GROWTH_SIZE, NULL },
	{ VERDICT_TMPFS_GROWTH, CLASS(TMPFS) | BIT(GROWTH_SHMEM), GROWTH_SIZE, NULL },
	{ VERDICT_MEMFD_GROWTH, CLASS(MEMFD), GROWTH_SIZE, NULL },
	{ VERDICT_HUGETLB_GROWTH, CLASS(HUGETLB), GROWTH_SIZE, NULL },
	{ VERDICT_FILE_MAPPING_GROWTH, CLASS(FILE), GROWTH_FIRM, NULL },
	{ VERDICT_COW_GROWTH, PRIVATE_FILES, GROWTH_FIRM, NULL },
	{ VERDICT_CACHE, CLASS(FILE) | PRIVATE_FILES, GROWTH_SIZE, is_not_firm },
	{ VERDICT_PAGE_TABLE_GROWTH, BIT(GROWTH_PAGE_TABLES), GROWTH_SIZE, out_of_proportion },
	{ VERDICT_UNATTRIBUTED_GROWTH, BIT(GROWTH_SLAB) | BIT(GROWTH_RESIDUE), GROWTH_SIZE, NULL },
};

#define NR_RULES	(sizeof(rules) / sizeof(rules[0]))

/* What else a shape can mean. */
static const enum verdict verdict_of_shape[] = {
	[TREND_UNKNOWN] = VERDICT_UNKNOWN,
	[TREND_STEADY] = VERDICT_STEADY,
	[TREND_BENDING] = VERDICT_WARMING_UP,
	[TREND_SAWTOOTH] = VERDICT_SAWTOOTH,
	/* Not sure enough, or no rule is for it. */
	[TREND_RISING] = VERDICT_UNKNOWN,
};

static const struct rule *find_rule(const struct motion *motion, enum growth_row row)
{
	const struct rule *rule;

	for (rule = rules; rule < rules + NR_RULES; rule++)
		if (rule->rows & BIT(row) && rises(&motion->trends[row][rule->figure]) &&
		    (!rule->holds || rule->holds(motion, row)))
			return rule;
	return NULL;
}

static void judge(const struct growth *growth, const struct motion *motion,
		  struct growth_finding *finding)
{
	const struct row *row = &growth->rows[finding->row];
	const struct rule *rule = find_rule(motion, finding->row);
	double seconds = ((double)growth->last_ns - (double)growth->first_ns) / 1e9;
	const struct trend *trend;

	finding->figure = rule ? rule->figure : GROWTH_SIZE;
	trend = &motion->trends[finding->row][finding->figure];
	finding->verdict = rule ? rule->verdict : verdict_of_shape[trend->shape];
	finding->trend = *trend;
	finding->now = row->series[finding->figure].last;
	finding->size = row->series[GROWTH_SIZE].last;
	finding->size_per_second = speed(motion, finding->row, GROWTH_SIZE);
	finding->faults_per_second = seconds > 0 ? row->faults_seen / seconds : 0;
	/* Page tables that what is mapped explains. */
	if (!rule && rises(trend) && finding->row == GROWTH_PAGE_TABLES)
		finding->verdict = VERDICT_STEADY;
}

static void find_motion(const struct growth *growth, struct motion *motion)
{
	enum growth_row row;
	unsigned int figure;

	memset(motion, 0, sizeof(*motion));
	for (row = 0; row < GROWTH_ROWS; row++) {
		if (growth_row_is_empty(&growth->rows[row]))
			continue;
		for (figure = 0; figure < NR_GROWTH_FIGURES; figure++)
			motion->trends[row][figure] = trend_of_series(growth, row, figure);
		if (row < GROWTH_THREADS)
			motion->size_per_second += speed(motion, row, GROWTH_SIZE);
	}
}

size_t growth_judge(const struct growth *growth, uint64_t samples,
		    struct growth_finding *findings)
{
	bool begun = growth->seen < samples / 2;
	struct motion motion;
	enum growth_row row;
	size_t count = 0;

	find_motion(growth, &motion);
	for (row = 0; row < GROWTH_ROWS; row++) {
		if (growth_row_is_empty(&growth->rows[row]))
			continue;
		findings[count].row = row;
		judge(growth, &motion, &findings[count]);
		if (begun && verdicts[findings[count].verdict].suspected)
			findings[count].verdict = VERDICT_UNKNOWN;
		count++;
	}
	return count;
}
