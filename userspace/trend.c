// SPDX-License-Identifier: GPL-2.0
/*
 * The slope is Theil and Sen's, the median of the slopes between all pairs of points:
 * a third of the points can be far off without moving it much. What is far off is what
 * memory is full of: a step, a collector's pause, a sample that came late.
 */
#include "trend.h"

#include <stdbool.h>
#include <string.h>

#define NR_PAIRS	(TREND_POINTS * (TREND_POINTS - 1) / 2)

/* Of the range of all values: who loses this much of it at once has fallen back. */
#define FALL		0.4

/* The deviation of a normal distribution, from its median distance to the middle. */
#define DEVIATION	1.4826

/* And this part of the pairs that differ has to rise, less those that fall. */
#define FIT_LEAST	0.5

/* A second half that rises less than this part of the first bends to a plateau. */
#define BEND		0.5

/* It has to rise in this many of the steps between blocks of equal time. */
#define BLOCKS		6
#define CLIMBS		4
#define CLIMB		0.2	/* of what a step is on average */

/* Longer than this many usual intervals: the clock jumped, or samples are missing. */
#define GAP		8

static double magnitude(double value)
{
	return value < 0 ? -value : value;
}

/* The value that is at @wanted when they are sorted; shuffles them to find it. */
static double select_nth(double *values, size_t count, size_t wanted)
{
	size_t low = 0, high = count - 1, left, right;
	double pivot, swap;

	while (low < high) {
		pivot = values[low + (high - low) / 2];
		left = low;
		right = high;
		for (;;) {
			while (values[left] < pivot)
				left++;
			while (values[right] > pivot)
				right--;
			if (left >= right)
				break;
			swap = values[left];
			values[left++] = values[right];
			values[right--] = swap;
		}
		if (wanted <= right)
			high = right;
		else
			low = right + 1;
	}
	return values[wanted];
}

static double median(double *values, size_t count)
{
	double upper;

	if (!count)
		return 0;
	upper = select_nth(values, count, count / 2);
	return count % 2 ? upper : (upper + select_nth(values, count, count / 2 - 1)) / 2;
}

static double usual_interval(const struct trend_points *points)
{
	double intervals[TREND_POINTS];
	size_t i, nr = 0;

	for (i = 1; i < points->count; i++)
		if (points->seconds[i] > points->seconds[i - 1])
			intervals[nr++] = points->seconds[i] - points->seconds[i - 1];
	return median(intervals, nr);
}

/*
 * Makes one line of the parts: each begins a usual interval after the last one ended,
 * and at the value where that was. A clock that jumped begins a new part as well.
 */
static void join(const struct trend_points *points, struct trend_points *joined)
{
	double usual = usual_interval(points), passed, rise;
	unsigned int part = 0;
	size_t i;

	memset(joined, 0, sizeof(*joined));
	joined->count = points->count;
	for (i = 1; i < points->count; i++) {
		passed = points->seconds[i] - points->seconds[i - 1];
		rise = points->values[i] - points->values[i - 1];
		if (points->parts[i] != points->parts[i - 1] || passed <= 0 ||
		    passed > GAP * usual) {
			part++;
			passed = usual;
			rise = 0;
		}
		joined->parts[i] = part;
		joined->seconds[i] = joined->seconds[i - 1] + passed;
		joined->values[i] = joined->values[i - 1] + rise;
	}
}

/* Which points a slope is of. */
typedef bool (*chooser)(const struct trend_points *points, size_t i);

static bool any(const struct trend_points *points, size_t i)
{
	(void)points;
	(void)i;
	return true;
}

static bool is_late(const struct trend_points *points, size_t i)
{
	return points->seconds[i] > points->seconds[points->count - 1] / 2;
}

static bool is_early(const struct trend_points *points, size_t i)
{
	return !is_late(points, i);
}

static bool is_last(const struct trend_points *points, size_t i)
{
	return points->seconds[i] >= points->seconds[points->count - 1] * 3 / 4;
}

/* The same of a part: each restart warms up anew. */
static bool is_late_in_part(const struct trend_points *points, size_t i)
{
	size_t first = i, last = i;

	while (first && points->parts[first - 1] == points->parts[i])
		first--;
	while (last + 1 < points->count && points->parts[last + 1] == points->parts[i])
		last++;
	return points->seconds[i] > (points->seconds[first] + points->seconds[last]) / 2;
}

static bool is_early_in_part(const struct trend_points *points, size_t i)
{
	return !is_late_in_part(points, i);
}

struct slope {
	double per_second;
	double fit;
	size_t points;
};

static struct slope slope_of(const struct trend_points *points, chooser choose)
{
	double slopes[NR_PAIRS];
	size_t chosen[TREND_POINTS], nr = 0, pairs = 0, up = 0, down = 0, i, j;
	struct slope slope = { 0 };

	for (i = 0; i < points->count; i++)
		if (choose(points, i))
			chosen[nr++] = i;
	for (i = 0; i < nr; i++) {
		for (j = i + 1; j < nr; j++) {
			size_t a = chosen[i], b = chosen[j];

			if (points->parts[a] != points->parts[b])
				continue;
			up += points->values[b] > points->values[a];
			down += points->values[b] < points->values[a];
			slopes[pairs++] = (points->values[b] - points->values[a]) /
					  (points->seconds[b] - points->seconds[a]);
		}
	}
	slope.points = nr;
	slope.per_second = median(slopes, pairs);
	if (up + down)
		slope.fit = ((double)up - (double)down) / (up + down);
	return slope;
}

static double noise_of(const struct trend_points *points, double per_second)
{
	double rest[TREND_POINTS], middle;
	size_t i;

	for (i = 0; i < points->count; i++)
		rest[i] = points->values[i] - per_second * points->seconds[i];
	middle = median(rest, points->count);
	for (i = 0; i < points->count; i++)
		rest[i] = magnitude(points->values[i] - per_second * points->seconds[i] - middle);
	return DEVIATION * median(rest, points->count);
}

static double range_of(const struct trend_points *points)
{
	double least = points->values[0], most = points->values[0];
	size_t i;

	for (i = 1; i < points->count; i++) {
		if (points->values[i] < least)
			least = points->values[i];
		if (points->values[i] > most)
			most = points->values[i];
	}
	return most - least;
}

/* Where it fell back, and the lowest points between falls. Return: how often. */
static size_t find_falls(const struct trend_points *points, double range,
			 struct trend_points *troughs)
{
	size_t top = 0, low = 0, falls = 0, i;
	bool falling = false;

	memset(troughs, 0, sizeof(*troughs));
	for (i = 1; i < points->count; i++) {
		if (!falling && points->values[i] > points->values[top])
			top = i;
		if (!falling && points->values[top] - points->values[i] >= FALL * range) {
			falling = true;
			falls++;
			low = i;
		}
		if (falling && points->values[i] < points->values[low])
			low = i;
		if (falling && points->values[i] - points->values[low] >= FALL * range / 2) {
			falling = false;
			top = i;
			troughs->seconds[troughs->count] = points->seconds[low];
			troughs->values[troughs->count++] = points->values[low];
		}
	}
	return falls;
}

/* Noise goes up as often as down; what is used and collected rises most of the time. */
static bool mostly_rises(const struct trend_points *points)
{
	size_t up = 0, down = 0, i;

	for (i = 1; i < points->count; i++) {
		up += points->values[i] > points->values[i - 1];
		down += points->values[i] < points->values[i - 1];
	}
	return 2 * up >= 3 * down;
}

/*
 * What still rises at the end does not bend. Half against half tells most curves; one
 * that went straight and then stopped shows in the last quarter, if that is so flat
 * that noise cannot have made it so.
 */
static bool bends(const struct trend_points *points, const struct trend *trend)
{
	struct slope last = slope_of(points, is_last);
	double span = points->seconds[points->count - 1] / 4, square, allowed;

	if (trend->bend < BEND)
		return true;
	/* Twice the standard error of its slope, squared: there is no libm here. */
	square = 4 * 12 * trend->noise * trend->noise / (last.points * span * span);
	allowed = trend->per_second / 4 - last.per_second;
	return allowed > 0 && square < allowed * allowed;
}

/* How often the level of a block of time is above that of the one before. */
static unsigned int climbs(const struct trend_points *points)
{
	double end = points->seconds[points->count - 1], values[TREND_POINTS], level[BLOCKS];
	unsigned int found = 0, block;
	size_t i = 0, nr;
	double step;

	for (block = 0; block < BLOCKS; block++) {
		nr = 0;
		while (i < points->count &&
		       (block == BLOCKS - 1 || points->seconds[i] < end * (block + 1) / BLOCKS))
			values[nr++] = points->values[i++];
		level[block] = nr || !block ? median(values, nr) : level[block - 1];
	}
	step = (level[BLOCKS - 1] - level[0]) / (BLOCKS - 1);
	for (block = 1; block < BLOCKS; block++)
		found += level[block] - level[block - 1] > CLIMB * step;
	return found;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

static double bend_of(const struct trend_points *points, chooser early, chooser late)
{
	double first = slope_of(points, early).per_second;
	double second = slope_of(points, late).per_second;

	/* What only rises later on bends the other way. */
	if (first <= 0)
		return second > 0 ? 1 : 0;
	return second <= 0 ? 0 : smaller(second / first, 1);
}

static double confidence_of(const struct trend_points *points, const struct trend *trend)
{
	double many = (double)points->count / (points->count + 4);
	double clear = trend->rise / (trend->rise + trend->noise);

	return trend->fit * many * clear * (1 + smaller(trend->bend, 1)) / 2;
}

static bool stands_out(const struct trend *trend, double least)
{
	return trend->rise >= least && trend->rise >= TREND_STANDS_OUT * trend->noise &&
	       trend->fit >= FIT_LEAST;
}

static enum trend_shape shape_of_rise(const struct trend_points *points,
				      const struct trend *trend)
{
	unsigned int found = climbs(points);

	if (found == 1)
		return TREND_STEADY;
	if (bends(points, trend))
		return TREND_BENDING;
	return found < CLIMBS ? TREND_STEADY : TREND_RISING;
}

/* What falls back again and again rises if the points rise that it falls back to. */
static void judge_falls(struct trend *trend, const struct trend_points *points,
			const struct trend_points *troughs, size_t falls, double least)
{
	struct trend floor = trend_of(troughs, least);

	if (floor.shape == TREND_RISING)
		*trend = floor;
	else if (falls >= 2 && mostly_rises(points))
		trend->shape = TREND_SAWTOOTH;
}

static void measure(const struct trend_points *points, struct trend *trend)
{
	struct slope slope = slope_of(points, any);

	trend->per_second = slope.per_second;
	trend->fit = slope.fit;
	trend->rise = slope.per_second * points->seconds[points->count - 1];
	trend->noise = noise_of(points, slope.per_second);
	trend->bend = smaller(bend_of(points, is_early, is_late),
			      bend_of(points, is_early_in_part, is_late_in_part));
	trend->shape = TREND_STEADY;
}

struct trend trend_of(const struct trend_points *points, double least)
{
	struct trend_points joined, troughs;
	struct trend trend = { 0 };
	double range;
	size_t falls;

	if (points->count < TREND_POINTS_MIN)
		return trend;
	join(points, &joined);
	range = range_of(&joined);
	trend.shape = TREND_STEADY;
	if (range <= 0)
		return trend;
	measure(&joined, &trend);
	if (range < least)
		return trend;
	falls = find_falls(&joined, range, &troughs);
	if (falls)
		judge_falls(&trend, &joined, &troughs, falls, least);
	else if (stands_out(&trend, least))
		trend.shape = shape_of_rise(&joined, &trend);
	if (trend.shape == TREND_RISING && !trend.confidence)
		trend.confidence = confidence_of(&joined, &trend);
	return trend;
}
