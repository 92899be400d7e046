/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_UI_H
#define TOP_UI_H

#include "top_screen.h"
#include "top_session.h"

struct top_prompt;

/* What is on the screen besides what was read, and what keys do to it. */
struct top_ui {
	struct top_session session;
	bool quit;
	bool due;			/* a reading, before the next one would be */
	bool help;
	size_t help_at;			/* its first line that is seen */
	size_t page;			/* rows that are seen at once */
	char message[512];		/* "": none */

	/* While a text is asked for. */
	const struct top_prompt *prompt;
	char text[256];

	/* What was typed, and is referred to. */
	char user[64];
	char columns[NR_TOP_LEVELS][256];
};

/*
 * Keys, as help has them, and what they do.
 * X(names, help, key, another one, a third one, function)
 */
#define TOP_KEYS(X) \
	X("Up Down, k j     ", "move by a row", SCREEN_UP, SCREEN_DOWN, 'k', press_step) \
	X("PgUp PgDn        ", "move by a page", SCREEN_PAGE_UP, SCREEN_PAGE_DOWN, 0, press_page) \
	X("Home End         ", "to the first or last row", SCREEN_HOME, SCREEN_END, 0, press_edge) \
	X("Enter, Right     ", "into a process: its classes; into a class: its mappings", SCREEN_ENTER, SCREEN_RIGHT, 0, press_enter) \
	X("Esc, Left        ", "back to where that was", SCREEN_ESCAPE, SCREEN_LEFT, SCREEN_BACKSPACE, press_leave) \
	X("< >              ", "sort by the column before or after", '<', '>', 0, press_next_column) \
	X("s                ", "sort by any column, by its name", 's', 0, 0, press_sort) \
	X("g                ", "sort by growth", 'g', 0, 0, press_growth) \
	X("r                ", "reverse the order", 'r', 0, 0, press_reverse) \
	X("/                ", "show names that contain a text; * and ? make it a pattern", '/', 0, 0, press_filter) \
	X("u                ", "show the processes of a user", 'u', 0, 0, press_user) \
	X("o                ", "choose columns, as with --columns", 'o', 0, 0, press_columns) \
	X("p                ", "look at each page: PSS and what else costs more, or not", 'p', 0, 0, press_pages) \
	X("d                ", "seconds from one reading to the next", 'd', 0, 0, press_interval) \
	X("Space, f         ", "freeze, and go on", ' ', 'f', 0, press_freeze) \
	X("[ ]              ", "of a capture: the sample before or after", '[', ']', 0, press_sample) \
	X("Ctrl-L           ", "draw the screen anew", 'L' - '@', 0, 0, press_repair) \
	X("?, h, F1         ", "these keys", '?', 'h', SCREEN_F1, press_help) \
	X("q                ", "quit", 'q', 'Q', 0, press_quit)

struct top_key_text {
	const char *names;
	const char *help;
};

/* NULL: there are no more. */
const struct top_key_text *top_key_text(size_t number);

void top_ui_press(struct top_ui *ui, unsigned int key);

/* What is asked for, NULL for nothing. */
const char *top_ui_prompt(const struct top_ui *ui);

/* top_draw.c: all of the screen. */
void top_draw(struct top_ui *ui);

/* A column, which may have nothing to show. */
struct top_column {
	const struct field *field;
	bool shy;
	unsigned int width;
};

/* Those of the view, whether or not there is room for them. */
size_t top_columns(struct top_session *session, struct top_column columns[LISTING_COLUMNS_MAX]);

#endif /* TOP_UI_H */
