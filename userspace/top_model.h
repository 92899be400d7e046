/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "listing.h"
#include "source.h"

/*
 * What a screen of memclass top shows: rows of one kind, which come and go with each
 * reading, what they were before, their order, and the one that the cursor is on. Pure:
 * it reads nothing and draws nothing.
 */

/* Readings that are remembered: a minute's, mostly. */
#define TOP_HISTORY	64

/* A size that was not counted. */
#define TOP_UNKNOWN	UINT64_MAX

struct top_model;

/* The getters of fields take it as their item: what it is of comes first. */
struct top_row {
	union {
		struct process process;
		struct class_counts class;
		struct vma vma;
	};
	const struct top_model *model;
	uint64_t key;			/* pid, class or address */
	uint64_t life;			/* differs for a later one of the same key */
	uint64_t since;			/* the reading that it was first in */
	uint64_t types[MEMCLASS_NR_TYPES];	/* of a process; TOP_UNKNOWN */
	const char *verdict;		/* what its growth looks like, or NULL */
	struct cell order;		/* what it is sorted by */
	uint64_t sizes[TOP_HISTORY];
};

struct top_kind {
	const struct listing *listing;
	const char *sort;		/* at first */
	const char *with_pages;		/* usual columns when each page is looked at; or NULL */
	/* What a filter looks at; @buffer is there for it. */
	const char *(*name)(const struct top_row *row, char buffer[CLASS_NAME_MAX]);
	/* What bars and history are of, or TOP_UNKNOWN. */
	uint64_t (*size)(const struct top_row *row);
};

struct top_model {
	const struct top_kind *kind;
	const struct field *sort;
	bool backwards;
	char filter[64];		/* "": all are shown */
	unsigned int width;		/* of a bar or a history, in characters */
	bool ascii;

	struct top_row **rows;		/* all, in the order they came; they own nothing */
	size_t nr_rows;
	struct top_row **shown;		/* those of them that the filter takes, sorted */
	size_t nr_shown;
	uint64_t largest;		/* size of those */

	uint64_t readings;		/* so far */
	uint64_t times_ns[TOP_HISTORY];

	size_t at;			/* the cursor's row in shown */
	bool follows;			/* it stays on that row, wherever it goes */
	uint64_t key;
	uint64_t life;

	/* During a reading: the rows of the one before. */
	struct top_row **before;
	size_t nr_before;
	size_t next_before;
	size_t room;
};

void top_model_init(struct top_model *model, const struct top_kind *kind);
void top_model_free(struct top_model *model);

/*
 * A reading: it begins, all that is there is put in with ascending keys, and it ends. Who
 * was not put in is gone. NULL: there is no memory.
 */
void top_model_begin(struct top_model *model, uint64_t time_ns);
struct top_row *top_model_put(struct top_model *model, uint64_t key, uint64_t life);
bool top_model_end(struct top_model *model);

/* Instead of an end: as if it had not begun, as far as rows still stand. */
bool top_model_undo(struct top_model *model);

/* No rows and no past; order, filter and cursor stay. */
void top_model_clear(struct top_model *model);

/* After another order or filter was set; a reading ends with it. */
bool top_model_arrange(struct top_model *model);

void top_model_move(struct top_model *model, long rows);
void top_model_move_to(struct top_model *model, size_t row);
const struct top_row *top_model_chosen(const struct top_model *model);

/* What it grew by a minute, since the first reading that is remembered of it. */
bool top_row_growth(const struct top_row *row, int64_t *per_minute);

/* Of a history, one character each; 0: there was nothing yet. */
#define TOP_LEVELS	8

void top_row_levels(const struct top_row *row, unsigned char *levels, unsigned int width);

/*
 * A bar of @width characters for @full: which part each of them belongs to, or @nr for
 * the empty rest.
 */
void top_bar(const uint64_t *parts, unsigned int nr, uint64_t full, unsigned int width,
	     unsigned char *which);

#endif /* TOP_MODEL_H */
