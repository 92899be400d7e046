// SPDX-License-Identifier: GPL-2.0
/* Keeping samples: as many as trend.h looks at, and in a file for the next run. */
#include "growth_points.h"

#include <stdlib.h>
#include <string.h>

struct growth *growth_new(void)
{
	struct growth *growth = calloc(1, sizeof(*growth));

	if (growth)
		growth->stride = 1;
	return growth;
}

static struct series *series_at(struct growth *growth, size_t i)
{
	return &growth->rows[i / NR_GROWTH_FIGURES].series[i % NR_GROWTH_FIGURES];
}

#define NR_SERIES	(GROWTH_ROWS * NR_GROWTH_FIGURES)

void growth_free(struct growth *growth)
{
	size_t i;

	if (!growth)
		return;
	for (i = 0; i < NR_SERIES; i++)
		free(series_at(growth, i)->values);
	free(growth);
}

/* Keeps every second point, and from now on every second sample of those so far. */
static void thin_out(struct growth *growth)
{
	struct series *series;
	size_t i, j;

	for (i = 0; i < growth->count / 2; i++) {
		growth->seconds[i] = growth->seconds[2 * i];
		growth->parts[i] = growth->parts[2 * i];
	}
	for (j = 0; j < NR_SERIES; j++) {
		series = series_at(growth, j);
		for (i = 0; series->values && i < growth->count / 2; i++)
			series->values[i] = series->values[2 * i];
	}
	growth->count /= 2;
	growth->stride *= 2;
}

/* The point is not yet counted. */
static bool series_add(struct growth *growth, struct series *series, uint64_t value)
{
	size_t i;

	if (!growth->count)
		series->first = value;
	if (!series->values && value != series->first) {
		series->values = calloc(TREND_POINTS, sizeof(*series->values));
		if (!series->values)
			return false;
		for (i = 0; i < growth->count; i++)
			series->values[i] = series->first;
	}
	if (series->values)
		series->values[growth->count] = value;
	return true;
}

static bool keep(struct growth *growth, const struct growth_sample *sample)
{
	size_t i;

	if (growth->count == TREND_POINTS)
		thin_out(growth);
	for (i = 0; i < NR_SERIES; i++)
		if (!series_add(growth, series_at(growth, i),
				sample->rows[i / NR_GROWTH_FIGURES].values[i % NR_GROWTH_FIGURES]))
			return false;
	growth->seconds[growth->count] =
		((double)sample->time_ns - (double)growth->first_ns) / 1e9;
	growth->parts[growth->count++] = growth->part;
	return true;
}

/* What is known of each sample, kept or not. */
static void note(struct growth *growth, const struct growth_sample *sample)
{
	bool restarted = growth->seen && sample->life != growth->life;
	const struct growth_figures *figures;
	struct series *series;
	struct row *row;
	size_t i, j;

	if (!growth->seen)
		growth->first_ns = sample->time_ns;
	growth->part += restarted;
	growth->life = sample->life;
	growth->last_ns = sample->time_ns;
	for (i = 0; i < GROWTH_ROWS; i++) {
		row = &growth->rows[i];
		figures = &sample->rows[i];
		if (growth->seen && !restarted && figures->faults > row->faults)
			row->faults_seen += figures->faults - row->faults;
		row->faults = figures->faults;
		for (j = 0; j < NR_GROWTH_FIGURES; j++) {
			series = &row->series[j];
			series->last = figures->values[j];
			series->unknown |= figures->values[j] == GROWTH_NOT_COUNTED;
		}
	}
}

/* Who never changes again takes no memory again. */
static void forget_points(struct growth *growth, struct series *series, size_t forgotten)
{
	size_t left = growth->count - forgotten, i;
	bool same = true;

	if (!series->values)
		return;
	memmove(series->values, series->values + forgotten, left * sizeof(*series->values));
	series->first = series->values[0];
	for (i = 1; i < left; i++)
		same &= series->values[i] == series->first;
	if (!same)
		return;
	free(series->values);
	series->values = NULL;
}

void growth_forget(struct growth *growth, uint64_t before_ns)
{
	double seconds = ((double)before_ns - (double)growth->first_ns) / 1e9;
	size_t forgotten = 0, i;

	while (forgotten + 1 < growth->count && growth->seconds[forgotten] < seconds)
		forgotten++;
	if (!forgotten)
		return;
	for (i = 0; i < NR_SERIES; i++)
		forget_points(growth, series_at(growth, i), forgotten);
	growth->count -= forgotten;
	memmove(growth->seconds, growth->seconds + forgotten,
		growth->count * sizeof(*growth->seconds));
	memmove(growth->parts, growth->parts + forgotten,
		growth->count * sizeof(*growth->parts));
}

/* Return: false when there is no memory for it. */
bool growth_add(struct growth *growth, const struct growth_sample *sample)
{
	note(growth, sample);
	return growth->seen++ % growth->stride || keep(growth, sample);
}

/*
 * In a file, which is read by the program that wrote it: what memory has. Rows that
 * are empty are left out.
 */

/* What stands for the pointer in a file. */
#define HAS_VALUES	((uint64_t *)1)

static bool put_row(const struct growth *growth, struct bytes *out, uint32_t number)
{
	struct row row = growth->rows[number];
	const struct series *series;

	for (series = row.series; series < row.series + NR_GROWTH_FIGURES; series++)
		row.series[series - row.series].values = series->values ? HAS_VALUES : NULL;
	if (!bytes_put(out, &number, sizeof(number)) || !bytes_put(out, &row, sizeof(row)))
		return false;
	series = growth->rows[number].series;
	for (; series < growth->rows[number].series + NR_GROWTH_FIGURES; series++)
		if (series->values &&
		    !bytes_put(out, series->values, growth->count * sizeof(*series->values)))
			return false;
	return true;
}

bool growth_row_is_empty(const struct row *row)
{
	size_t i;

	for (i = 0; i < NR_GROWTH_FIGURES; i++)
		if (row->series[i].values || row->series[i].first || row->series[i].last)
			return false;
	return true;
}

bool growth_save(const struct growth *growth, struct bytes *out)
{
	uint32_t end = GROWTH_ROWS, i;

	if (!bytes_put(out, growth, offsetof(struct growth, rows)))
		return false;
	for (i = 0; i < GROWTH_ROWS; i++)
		if (!growth_row_is_empty(&growth->rows[i]) && !put_row(growth, out, i))
			return false;
	return bytes_put(out, &end, sizeof(end));
}

static bool get_values(const struct growth *growth, struct bytes *in, struct series *series)
{
	bool has_values = series->values;

	series->values = NULL;
	if (!has_values)
		return true;
	series->values = calloc(TREND_POINTS, sizeof(*series->values));
	return series->values &&
	       bytes_get(in, series->values, growth->count * sizeof(*series->values));
}

static bool get_row(struct growth *growth, struct bytes *in, struct row *row)
{
	struct row read;
	size_t i;

	if (!bytes_get(in, &read, sizeof(read)) || !growth_row_is_empty(row))
		return false;
	for (i = 0; i < NR_GROWTH_FIGURES; i++) {
		row->series[i] = read.series[i];
		if (!get_values(growth, in, &row->series[i]))
			return false;
	}
	row->faults = read.faults;
	row->faults_seen = read.faults_seen;
	return true;
}

static bool get_rows(struct growth *growth, struct bytes *in)
{
	uint32_t number, i;

	/* Each once, and the end. */
	for (i = 0; i <= GROWTH_ROWS; i++) {
		if (!bytes_get(in, &number, sizeof(number)) || number > GROWTH_ROWS)
			return false;
		if (number == GROWTH_ROWS)
			return true;
		if (!get_row(growth, in, &growth->rows[number]))
			return false;
	}
	return false;
}

struct growth *growth_load(struct bytes *in)
{
	struct growth *growth = calloc(1, sizeof(*growth));

	if (growth && bytes_get(in, growth, offsetof(struct growth, rows)) && growth->stride &&
	    growth->count <= TREND_POINTS && get_rows(growth, in))
		return growth;
	growth_free(growth);
	return NULL;
}
