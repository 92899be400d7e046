// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: top_model.c keeps rows, their past, their order and the cursor right, however
 * rows come and go.
 * Oracle: arithmetic on what this test put in. Nothing here depends on the machine.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "../userspace/top_model.h"

#define SEC	1000000000ULL
#define MIB	(1LL << 20)

static void get_pid(const void *item, struct cell *cell)
{
	cell_number(cell, ((const struct top_row *)item)->process.pid);
}

static void get_comm(const void *item, struct cell *cell)
{
	cell_text(cell, ((const struct top_row *)item)->process.comm);
}

static void get_growth(const void *item, struct cell *cell)
{
	int64_t growth;

	if (top_row_growth(item, &growth))
		cell_change(cell, growth);
	else
		cell->kind = CELL_UNKNOWN;
}

static const struct counts *get_counts(const void *item)
{
	return &((const struct top_row *)item)->process.total;
}

static const struct field fields[] = {
	{ .name = "pid", .get = get_pid, .ascending = true },
	{ .name = "comm", .get = get_comm },
	{ .name = "growth", .get = get_growth },
	{ .name = "rss", .counted = COLUMN_BIT(rss) },
};

static const struct listing listing = { fields, 4, get_counts, "pid,rss" };

static const char *name_of(const struct top_row *row, char buffer[CLASS_NAME_MAX])
{
	return row->process.comm;
}

static uint64_t size_of(const struct top_row *row)
{
	uint64_t size;

	return counts_get(&row->process.total, COLUMN_BIT(rss), &size) ? size : TOP_UNKNOWN;
}

static const struct top_kind kind = { .listing = &listing, .sort = "rss", .name = name_of, .size = size_of };

FIXTURE(model)
{
	struct top_model model;
	uint64_t now;
};

FIXTURE_SETUP(model)
{
	top_model_init(&self->model, &kind);
}

FIXTURE_TEARDOWN(model)
{
	top_model_free(&self->model);
}

/* A reading is "PID:RSS PID:RSS ...", a second after the last one. RSS "-": unknown. */
static void put(FIXTURE_DATA(model) * self, const char *text)
{
	struct top_row *row;
	char *end;
	pid_t pid;

	for (; *text; text = end + (*end == ' ')) {
		pid = strtol(text, &end, 10);
		row = top_model_put(&self->model, pid, 7);
		if (!row)
			abort();
		row->process.pid = pid;
		sprintf(row->process.comm, "name-%d", pid);
		row->process.total.filled = end[1] == '-' ? 0 : COLUMN_BIT(rss);
		row->process.total.values[MEMCLASS_COLUMN_rss] = strtoull(end + 1, &end, 10);
		end += *end == '-';
	}
}

static void read_all(FIXTURE_DATA(model) * self, const char *text)
{
	top_model_begin(&self->model, self->now += SEC);
	put(self, text);
	if (!top_model_end(&self->model))
		abort();
}

/* The pids that are shown, the cursor's in brackets. */
static const char *shown(const struct top_model *model)
{
	static char text[256];
	char *at = text;
	size_t i;

	*at = '\0';
	for (i = 0; i < model->nr_shown; i++)
		at += sprintf(at, i == model->at ? "[%d]" : " %d ", model->shown[i]->process.pid);
	return text;
}

static const struct top_row *row_of(const struct top_model *model, pid_t pid)
{
	size_t i;

	for (i = 0; i < model->nr_rows; i++)
		if (model->rows[i]->process.pid == pid)
			return model->rows[i];
	return NULL;
}

static void sort_by(struct top_model *model, const char *name, bool backwards)
{
	model->sort = listing_find(&listing, name);
	model->backwards = backwards;
	top_model_arrange(model);
}

TEST_F(model, order)
{
	struct top_model *model = &self->model;

	read_all(self, "1:50 2:- 3:70 4:50 5:90");
	EXPECT_STREQ("[5] 3  1  4  2 ", shown(model));
	sort_by(model, "rss", true);
	/* What is not known stays last. */
	EXPECT_STREQ("[1] 4  3  5  2 ", shown(model));
	sort_by(model, "pid", false);
	EXPECT_STREQ("[1] 2  3  4  5 ", shown(model));
	sort_by(model, "pid", true);
	EXPECT_STREQ("[5] 4  3  2  1 ", shown(model));
	sort_by(model, "comm", false);
	EXPECT_STREQ("[1] 2  3  4  5 ", shown(model));
	/* Growth has a sign. */
	read_all(self, "1:55 2:9 3:10 4:50 5:91");
	sort_by(model, "growth", false);
	EXPECT_STREQ("[1] 5  4  3  2 ", shown(model));
}

TEST_F(model, rows_come_and_go)
{
	struct top_model *model = &self->model;

	read_all(self, "");
	EXPECT_EQ(NULL, top_model_chosen(model));
	EXPECT_STREQ("", shown(model));
	top_model_move(model, 1);
	top_model_move(model, -1);
	read_all(self, "1:10 3:30 5:50");
	read_all(self, "2:20 3:30 4:40 9:90");
	EXPECT_STREQ("[9] 4  3  2 ", shown(model));
	EXPECT_EQ(1U, row_of(model, 3)->since);
	EXPECT_EQ(2U, row_of(model, 4)->since);
	read_all(self, "");
	EXPECT_STREQ("", shown(model));
	/* Keys that do not ascend are no harm. */
	read_all(self, "5:50 3:30 4:40");
	read_all(self, "4:40 3:30 5:50");
	EXPECT_EQ(3U, model->nr_rows);
}

/* Another one of the same pid has no past. */
TEST_F(model, lives)
{
	struct top_row *row;
	int64_t growth;

	read_all(self, "1:10");
	read_all(self, "1:20");
	EXPECT_TRUE(top_row_growth(row_of(&self->model, 1), &growth));
	top_model_begin(&self->model, self->now += SEC);
	row = top_model_put(&self->model, 1, 8);
	row->process.pid = 1;
	row->process.total.filled = COLUMN_BIT(rss);
	top_model_end(&self->model);
	EXPECT_EQ(1U, self->model.nr_rows);
	EXPECT_FALSE(top_row_growth(row_of(&self->model, 1), &growth));
}

/* The cursor stays on its row, unless it was never moved or is on the first one. */
TEST_F(model, cursor)
{
	struct top_model *model = &self->model;

	read_all(self, "1:10 2:20 3:30");
	EXPECT_STREQ("[3] 2  1 ", shown(model));
	read_all(self, "1:10 2:40 3:30");
	EXPECT_STREQ("[2] 3  1 ", shown(model));
	top_model_move(model, 1);
	EXPECT_STREQ(" 2 [3] 1 ", shown(model));
	read_all(self, "1:50 2:40 3:30");
	EXPECT_STREQ(" 1  2 [3]", shown(model));
	top_model_move(model, 5);
	EXPECT_STREQ(" 1  2 [3]", shown(model));
	/* It ends: the cursor is on whoever is there now. */
	read_all(self, "1:50 2:40");
	EXPECT_STREQ(" 1 [2]", shown(model));
	EXPECT_EQ(2, top_model_chosen(model)->process.pid);
	top_model_move(model, -9);
	read_all(self, "1:50 2:60");
	EXPECT_STREQ("[2] 1 ", shown(model));
	top_model_move_to(model, SIZE_MAX);
	EXPECT_STREQ(" 2 [1]", shown(model));
}

TEST_F(model, filter)
{
	struct top_model *model = &self->model;

	read_all(self, "1:10 12:20 3:30");
	strcpy(model->filter, "E-1");
	top_model_arrange(model);
	EXPECT_STREQ("[12] 1 ", shown(model));
	EXPECT_EQ(20U, model->largest);
	strcpy(model->filter, "name-?");
	top_model_arrange(model);
	EXPECT_STREQ("[3] 1 ", shown(model));
	strcpy(model->filter, "nothing");
	top_model_arrange(model);
	EXPECT_EQ(NULL, top_model_chosen(model));
	*model->filter = '\0';
	top_model_arrange(model);
	EXPECT_STREQ("[3] 12  1 ", shown(model));
}

/* As if it had not been: with what was put in, and what was not. */
TEST_F(model, undone)
{
	struct top_model *model = &self->model;
	int64_t growth;

	read_all(self, "1:10 2:20 3:30");
	read_all(self, "1:11 2:20 3:30");
	top_model_begin(model, self->now += SEC);
	put(self, "1:11 2:20");
	EXPECT_TRUE(top_model_undo(model));
	EXPECT_STREQ("[3] 2  1 ", shown(model));
	EXPECT_TRUE(top_row_growth(row_of(model, 1), &growth));
	EXPECT_EQ(60, growth);
	top_model_begin(model, self->now += SEC);
	EXPECT_TRUE(top_model_undo(model));
	read_all(self, "1:12 3:30");
	/* Four seconds, since two readings failed. */
	EXPECT_TRUE(top_row_growth(row_of(model, 1), &growth));
	EXPECT_EQ(30, growth);
	top_model_clear(model);
	EXPECT_STREQ("", shown(model));
	read_all(self, "1:12");
	EXPECT_FALSE(top_row_growth(row_of(model, 1), &growth));
}

TEST_F(model, growth)
{
	struct top_model *model = &self->model;
	char text[64];
	int64_t growth;
	int i;

	for (i = 0; i < 200; i++) {
		sprintf(text, "1:%lld 2:%lld 3:7 4:%s", i * MIB, (1000 - i) * MIB,
			i == 199 ? "-" : "1");
		read_all(self, text);
	}
	EXPECT_TRUE(top_row_growth(row_of(model, 1), &growth));
	EXPECT_EQ(60 * MIB, growth);
	EXPECT_TRUE(top_row_growth(row_of(model, 2), &growth));
	EXPECT_EQ(-60 * MIB, growth);
	EXPECT_TRUE(top_row_growth(row_of(model, 3), &growth));
	EXPECT_EQ(0, growth);
	EXPECT_FALSE(top_row_growth(row_of(model, 4), &growth));
	/* Only what is remembered counts. */
	for (i = 0; i < TOP_HISTORY; i++)
		read_all(self, "1:5 2:5");
	EXPECT_TRUE(top_row_growth(row_of(model, 1), &growth));
	EXPECT_EQ(0, growth);
	/* A clock that stands still is no reason to divide by 0. */
	self->now -= TOP_HISTORY * SEC;
	read_all(self, "1:9");
	EXPECT_FALSE(top_row_growth(row_of(model, 1), &growth));
}

static const char *levels(const struct top_row *row, unsigned int width)
{
	static unsigned char buffer[TOP_HISTORY + 1];
	unsigned int i;

	top_row_levels(row, buffer, width);
	for (i = 0; i < width; i++)
		buffer[i] += '0';
	buffer[width] = '\0';
	return (char *)buffer;
}

TEST_F(model, levels)
{
	struct top_model *model = &self->model;
	char text[64];
	int i;

	for (i = 0; i < 8; i++) {
		sprintf(text, i < 4 ? "1:%d" : "1:%d 2:5", 1000 + 700 * i);
		read_all(self, text);
	}
	EXPECT_STREQ("12345678", levels(row_of(model, 1), 8));
	EXPECT_STREQ("00001111", levels(row_of(model, 2), 8));
	/* Two readings a character now. */
	read_all(self, "1:1000 2:5");
	EXPECT_STREQ("00024681", levels(row_of(model, 1), 8));
	/* A change that is none to speak of. */
	for (i = 0; i < TOP_HISTORY; i++) {
		sprintf(text, "1:%d 2:-", 1000000 + i);
		read_all(self, text);
	}
	EXPECT_STREQ("11111111", levels(row_of(model, 1), 8));
	EXPECT_STREQ("00000000", levels(row_of(model, 2), 8));
}

static const char *bar(uint64_t a, uint64_t b, uint64_t c, uint64_t full, unsigned int width)
{
	const uint64_t parts[] = { a, b, c };
	static unsigned char which[64];
	unsigned int i;

	top_bar(parts, 3, full, width, which);
	for (i = 0; i < width; i++)
		which[i] = "abc."[which[i]];
	which[width] = '\0';
	return (char *)which;
}

TEST(bars)
{
	EXPECT_STREQ("aabbcccc", bar(2, 2, 4, 8, 8));
	EXPECT_STREQ("abcc....", bar(1, 1, 2, 8, 8));
	EXPECT_STREQ("........", bar(0, 0, 0, 8, 8));
	EXPECT_STREQ("........", bar(1, 1, 1, 0, 8));
	/* More than there can be. */
	EXPECT_STREQ("aaaa", bar(UINT64_MAX, UINT64_MAX, 1, 8, 4));
	EXPECT_STREQ("", bar(1, 1, 1, 3, 0));
	/* Small parts add up. */
	EXPECT_STREQ("c.......", bar(3, 3, 3, 100, 8));
}

TEST_HARNESS_MAIN
