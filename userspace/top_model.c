// SPDX-License-Identifier: GPL-2.0
#include "top_model.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void top_model_init(struct top_model *model, const struct top_kind *kind)
{
	memset(model, 0, sizeof(*model));
	model->kind = kind;
	model->sort = listing_find(kind->listing, kind->sort);
	model->width = 8;
}

/* What was not put in during this reading. */
static void drop_before(struct top_model *model)
{
	for (; model->next_before < model->nr_before; model->next_before++)
		free(model->before[model->next_before]);
	free(model->before);
	model->before = NULL;
	model->nr_before = 0;
	model->next_before = 0;
}

void top_model_clear(struct top_model *model)
{
	size_t i;

	drop_before(model);
	for (i = 0; i < model->nr_rows; i++)
		free(model->rows[i]);
	free(model->rows);
	model->rows = NULL;
	model->nr_rows = 0;
	model->room = 0;
	model->nr_shown = 0;
	model->readings = 0;
}

void top_model_free(struct top_model *model)
{
	top_model_clear(model);
	free(model->shown);
	memset(model, 0, sizeof(*model));
}

/*
 * Readings.
 */

void top_model_begin(struct top_model *model, uint64_t time_ns)
{
	drop_before(model);
	model->before = model->rows;
	model->nr_before = model->nr_rows;
	model->rows = NULL;
	model->nr_rows = 0;
	model->room = 0;
	/* They may be freed at any time from now on. */
	model->nr_shown = 0;
	model->times_ns[model->readings++ % TOP_HISTORY] = time_ns;
}

static bool make_room(struct top_model *model)
{
	size_t room = model->room ? model->room * 2 : model->nr_before + 64;
	struct top_row **more;

	if (model->nr_rows < model->room)
		return true;
	more = realloc(model->rows, room * sizeof(*more));
	if (!more)
		return false;
	model->rows = more;
	model->room = room;
	return true;
}

/* Those of lower keys are gone. */
static struct top_row *take_before(struct top_model *model, uint64_t key, uint64_t life)
{
	struct top_row *row;

	while (model->next_before < model->nr_before) {
		row = model->before[model->next_before];
		if (row->key > key)
			break;
		model->next_before++;
		if (row->key == key && row->life == life)
			return row;
		free(row);
	}
	return NULL;
}

struct top_row *top_model_put(struct top_model *model, uint64_t key, uint64_t life)
{
	struct top_row *row;

	if (!make_room(model))
		return NULL;
	row = take_before(model, key, life);
	if (!row) {
		row = calloc(1, sizeof(*row));
		if (!row)
			return NULL;
		row->model = model;
		row->key = key;
		row->life = life;
		row->since = model->readings - 1;
	}
	model->rows[model->nr_rows++] = row;
	return row;
}

bool top_model_undo(struct top_model *model)
{
	size_t left = model->nr_before - model->next_before;
	struct top_row **rows;

	rows = realloc(model->rows, (model->nr_rows + left + 1) * sizeof(*rows));
	if (!rows)
		return false;
	if (left)
		memcpy(rows + model->nr_rows, model->before + model->next_before,
		       left * sizeof(*rows));
	model->rows = rows;
	model->nr_rows += left;
	model->next_before = model->nr_before;
	model->readings--;
	drop_before(model);
	return top_model_arrange(model);
}

bool top_model_end(struct top_model *model)
{
	size_t slot = (model->readings - 1) % TOP_HISTORY, i;

	drop_before(model);
	for (i = 0; i < model->nr_rows; i++)
		model->rows[i]->sizes[slot] = model->kind->size(model->rows[i]);
	return top_model_arrange(model);
}

/*
 * Order and filter.
 */

/* With * or ? it is a pattern for all of the name, else a part of it. */
static bool is_wanted(const struct top_model *model, const struct top_row *row)
{
	char buffer[CLASS_NAME_MAX];
	const char *name;

	if (!*model->filter)
		return true;
	name = model->kind->name(row, buffer);
	if (strpbrk(model->filter, "*?["))
		return !fnmatch(model->filter, name, FNM_CASEFOLD);
	return strcasestr(name, model->filter);
}

static int compare(const void *left, const void *right, void *data)
{
	const struct top_row *a = *(struct top_row **)left, *b = *(struct top_row **)right;
	const struct top_model *model = data;
	int result = cell_compare(&a->order, &b->order, model->sort->ascending);

	/* What is unknown stays at the end. */
	if (model->backwards && cell_is_unknown(&a->order) == cell_is_unknown(&b->order))
		result = -result;
	return result ?: (a->key > b->key) - (a->key < b->key);
}

static bool is_same(const struct top_row *row, uint64_t key, uint64_t life)
{
	return row->key == key && row->life == life;
}

static void remember_chosen(struct top_model *model)
{
	if (model->at >= model->nr_shown)
		return;
	model->key = model->shown[model->at]->key;
	model->life = model->shown[model->at]->life;
}

/* Where the cursor's row has gone; without that, the cursor stays where it is. */
static void find_chosen(struct top_model *model)
{
	size_t i;

	for (i = 0; model->follows && i < model->nr_shown; i++)
		if (is_same(model->shown[i], model->key, model->life))
			model->at = i;
	if (model->at >= model->nr_shown)
		model->at = model->nr_shown ? model->nr_shown - 1 : 0;
	remember_chosen(model);
}

bool top_model_arrange(struct top_model *model)
{
	struct top_row **shown, *row;
	uint64_t size;
	size_t i;

	shown = realloc(model->shown, (model->nr_rows + 1) * sizeof(struct top_row *));
	if (!shown)
		return false;
	model->shown = shown;
	model->nr_shown = 0;
	model->largest = 0;
	for (i = 0; i < model->nr_rows; i++) {
		row = model->rows[i];
		if (!is_wanted(model, row))
			continue;
		listing_get(model->kind->listing, model->sort, row, &row->order);
		size = model->kind->size(row);
		if (size != TOP_UNKNOWN && size > model->largest)
			model->largest = size;
		shown[model->nr_shown++] = row;
	}
	qsort_r(shown, model->nr_shown, sizeof(*shown), compare, model);
	find_chosen(model);
	return true;
}

/*
 * The cursor.
 */

/* On the first row it is not on that row, but on whatever is first. */
void top_model_move_to(struct top_model *model, size_t row)
{
	if (row >= model->nr_shown)
		row = model->nr_shown ? model->nr_shown - 1 : 0;
	model->at = row;
	model->follows = model->at;
	remember_chosen(model);
}

void top_model_move(struct top_model *model, long rows)
{
	if (rows < 0 && (size_t)-rows > model->at)
		top_model_move_to(model, 0);
	else
		top_model_move_to(model, model->at + rows);
}

/* Return: NULL when there is none. */
const struct top_row *top_model_chosen(const struct top_model *model)
{
	return model->at < model->nr_shown ? model->shown[model->at] : NULL;
}

/*
 * What was.
 */

/* The first reading of those that are remembered which the row was in. */
static uint64_t first_reading(const struct top_row *row)
{
	uint64_t readings = row->model->readings;
	uint64_t first = readings > TOP_HISTORY ? readings - TOP_HISTORY : 0;

	return row->since > first ? row->since : first;
}

bool top_row_growth(const struct top_row *row, int64_t *per_minute)
{
	const struct top_model *model = row->model;
	uint64_t first = first_reading(row), last = model->readings - 1;
	uint64_t before = row->sizes[first % TOP_HISTORY], now = row->sizes[last % TOP_HISTORY];
	double ns = (double)model->times_ns[last % TOP_HISTORY] -
		    (double)model->times_ns[first % TOP_HISTORY];

	if (first >= last || before == TOP_UNKNOWN || now == TOP_UNKNOWN || ns <= 0)
		return false;
	*per_minute = ((double)now - (double)before) * 60e9 / ns;
	return true;
}

/* Readings of a character, so that all of them have room. It changes seldom. */
static uint64_t readings_each(const struct top_model *model, unsigned int width)
{
	uint64_t readings = model->readings < TOP_HISTORY ? model->readings : TOP_HISTORY;
	uint64_t each = 1;

	while (each * width < readings)
		each *= 2;
	return each;
}

struct range {
	uint64_t least;
	uint64_t most;
};

static struct range range_of(const struct top_row *row)
{
	struct range range = { UINT64_MAX, 0 };
	uint64_t i, size;

	for (i = first_reading(row); i < row->model->readings; i++) {
		size = row->sizes[i % TOP_HISTORY];
		if (size == TOP_UNKNOWN)
			continue;
		if (size < range.least)
			range.least = size;
		if (size > range.most)
			range.most = size;
	}
	return range;
}

/* A change of less than this part of all is not worth a level. */
#define LEAST_PART	128

static unsigned char level_of(const struct range *range, uint64_t size)
{
	uint64_t step = (range->most - range->least) / (TOP_LEVELS - 1);
	uint64_t least_step = range->most / LEAST_PART;

	if (step < least_step)
		step = least_step;
	return 1 + (step ? (size - range->least) / step : 0);
}

/* From the oldest on; a character has the last of its readings. */
void top_row_levels(const struct top_row *row, unsigned char *levels, unsigned int width)
{
	uint64_t each = readings_each(row->model, width);
	uint64_t first = first_reading(row), i, back;
	uint64_t last_character = (row->model->readings - 1) / each;
	struct range range = range_of(row);
	unsigned char level;

	memset(levels, 0, width);
	for (i = first; i < row->model->readings; i++) {
		back = last_character - i / each;
		if (back >= width || row->sizes[i % TOP_HISTORY] == TOP_UNKNOWN)
			continue;
		level = level_of(&range, row->sizes[i % TOP_HISTORY]);
		levels[width - 1 - back] = level < TOP_LEVELS ? level : TOP_LEVELS;
	}
}

/* Rounded as a sum, so that parts add up to what the whole of them has. */
void top_bar(const uint64_t *parts, unsigned int nr, uint64_t full, unsigned int width,
	     unsigned char *which)
{
	unsigned int part, at = 0;
	double sum = 0, end;

	memset(which, nr, width);
	for (part = 0; part < nr && full; part++) {
		sum += parts[part];
		end = sum * width / full + 0.5;
		for (; at + 1 <= end && at < width; at++)
			which[at] = part;
	}
}
