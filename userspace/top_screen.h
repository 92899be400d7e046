/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_SCREEN_H
#define TOP_SCREEN_H

#include <stdbool.h>

#include "command.h"

/* The terminal, as a screen. Nobody else knows curses. */

enum screen_style {
	SCREEN_PLAIN,
	SCREEN_TITLE,
	SCREEN_HEADING,
	SCREEN_SORTED,			/* the heading of the column that sorts */
	SCREEN_CURSOR,
	SCREEN_FAINT,
	SCREEN_ALARM,
	SCREEN_TYPES,			/* this one and those that follow: a colour each */
};

/* Keys that are no characters; the others are those themselves. */
enum screen_key {
	SCREEN_NONE = 0,		/* in the time that was given */
	SCREEN_UP = 0x200000,
	SCREEN_DOWN,
	SCREEN_LEFT,
	SCREEN_RIGHT,
	SCREEN_PAGE_UP,
	SCREEN_PAGE_DOWN,
	SCREEN_HOME,
	SCREEN_END,
	SCREEN_ENTER,
	SCREEN_BACKSPACE,
	SCREEN_ESCAPE,
	SCREEN_F1,
	SCREEN_RESIZED,
	SCREEN_GONE,			/* nobody is there any more */
	SCREEN_OTHER,
};

/* Says why when it cannot. On success, screen_close() gives the terminal back. */
enum status screen_open(bool colours);
void screen_close(void);

bool screen_has_colours(void);
unsigned int screen_rows(void);
unsigned int screen_columns(void);

/* Between these nothing is seen. */
void screen_begin(void);
void screen_end(void);

/*
 * Writes @text, which is safe for a terminal, into @width characters at a place, filled
 * up with blanks; what is too long is cut. Outside of the screen nothing is written.
 */
void screen_text(unsigned int row, unsigned int column, unsigned int width, const char *text,
		 enum screen_style style);
void screen_text_right(unsigned int row, unsigned int column, unsigned int width,
		       const char *text, enum screen_style style);

/* A single full character of that colour, where there are colours. */
void screen_block(unsigned int row, unsigned int column, enum screen_style style);

/* Characters that @text takes. */
unsigned int screen_width(const char *text);

/* Draws all of it anew, whatever others have written there. */
void screen_repair(void);

/* Waits so many milliseconds for a key. */
unsigned int screen_key(int timeout_ms);

#endif /* TOP_SCREEN_H */
