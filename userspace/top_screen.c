// SPDX-License-Identifier: GPL-2.0
#include "top_screen.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#include "say.h"

/* A line of text is never longer. */
#define COLUMNS_MAX	1024

static SCREEN *screen;
static bool colourful;

/* By type, as bars show them. */
static const short type_colours[] = { COLOR_RED, COLOR_GREEN, COLOR_YELLOW, COLOR_CYAN,
				      COLOR_BLUE };

#define NR_TYPE_COLOURS	(sizeof(type_colours) / sizeof(type_colours[0]))

static const attr_t attributes[] = {
	[SCREEN_PLAIN] = A_NORMAL,
	[SCREEN_TITLE] = A_BOLD,
	[SCREEN_HEADING] = A_REVERSE,
	[SCREEN_SORTED] = A_BOLD | A_UNDERLINE,
	[SCREEN_CURSOR] = A_REVERSE,
	[SCREEN_FAINT] = A_DIM,
	[SCREEN_ALARM] = A_BOLD,
};

/*
 * Beginning and end.
 */

/* A screen needs a terminal on which one can write at any place. */
static enum status check_terminal(void)
{
	const char *name = getenv("TERM") ?: "";
	const char *move;
	bool can_move;
	int error;

	if (setupterm(NULL, STDOUT_FILENO, &error)) {
		if (!*name)
			say_error("TERM is not set: it says what kind of terminal this is; 'top --batch' needs none");
		else
			say_error("the kind of terminal '%s' is not known here: set TERM to another one, as TERM=vt100, or use 'top --batch'",
				  name);
		return STATUS_FAILURE;
	}
	move = tigetstr((char *)"cup");
	can_move = move && move != (char *)-1;
	del_curterm(cur_term);
	if (can_move)
		return STATUS_OK;
	say_error("a terminal of kind '%s' has no screen: set TERM to another one, or use 'top --batch'",
		  name);
	return STATUS_FAILURE;
}

static void begin_colours(bool wanted)
{
	size_t i;

	colourful = wanted && has_colors() && start_color() == OK;
	if (!colourful)
		return;
	use_default_colors();
	for (i = 0; i < NR_TYPE_COLOURS; i++)
		init_pair(1 + i, type_colours[i], -1);
}

enum status screen_open(bool colours)
{
	enum status status = check_terminal();

	if (status)
		return status;
	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		say_error("cannot use this terminal: %s", strerror(errno));
		return STATUS_FAILURE;
	}
	set_term(screen);
	begin_colours(colours);
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	/* A lone escape is a key as well, and nobody wants to wait for it. */
	set_escdelay(25);
	return STATUS_OK;
}

void screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

/*
 * Writing.
 */

bool screen_has_colours(void)
{
	return colourful;
}

unsigned int screen_rows(void)
{
	return LINES;
}

unsigned int screen_columns(void)
{
	return COLS < COLUMNS_MAX ? COLS : COLUMNS_MAX;
}

void screen_begin(void)
{
	erase();
}

void screen_end(void)
{
	refresh();
}

void screen_repair(void)
{
	clearok(stdscr, TRUE);
}

static attr_t attributes_of(enum screen_style style)
{
	size_t type = style - SCREEN_TYPES;

	if (style < SCREEN_TYPES)
		return attributes[style];
	return colourful && type < NR_TYPE_COLOURS ? COLOR_PAIR(1 + type) : A_NORMAL;
}

/* Return: characters of @wide, of which the first @count fit into @width. */
static unsigned int fit(const wchar_t *wide, unsigned int width, unsigned int *count)
{
	unsigned int used = 0;
	int each;

	for (*count = 0; wide[*count]; ++*count) {
		each = wcwidth(wide[*count]);
		if (each < 0 || used + each > width)
			break;
		used += each;
	}
	return used;
}

static void widen(const char *text, wchar_t wide[COLUMNS_MAX + 1])
{
	size_t length = mbstowcs(wide, text, COLUMNS_MAX);

	wide[length == (size_t)-1 ? 0 : length] = L'\0';
}

static void put(unsigned int row, unsigned int column, unsigned int width, const char *text,
		enum screen_style style, bool right)
{
	wchar_t wide[COLUMNS_MAX + 1];
	unsigned int used, count;

	if (row >= screen_rows() || column >= screen_columns())
		return;
	if (width > screen_columns() - column)
		width = screen_columns() - column;
	widen(text, wide);
	used = fit(wide, width, &count);
	attrset(attributes_of(style));
	move(row, column);
	if (right)
		printw("%*s", (int)(width - used), "");
	addnwstr(wide, count);
	if (!right)
		printw("%*s", (int)(width - used), "");
	attrset(A_NORMAL);
}

void screen_text(unsigned int row, unsigned int column, unsigned int width, const char *text,
		 enum screen_style style)
{
	put(row, column, width, text, style, false);
}

void screen_text_right(unsigned int row, unsigned int column, unsigned int width,
		       const char *text, enum screen_style style)
{
	put(row, column, width, text, style, true);
}

void screen_block(unsigned int row, unsigned int column, enum screen_style style)
{
	if (row >= screen_rows() || column >= screen_columns())
		return;
	attrset(attributes_of(style) | A_REVERSE);
	mvaddch(row, column, ' ');
	attrset(A_NORMAL);
}

unsigned int screen_width(const char *text)
{
	wchar_t wide[COLUMNS_MAX + 1];
	unsigned int count;

	widen(text, wide);
	return fit(wide, COLUMNS_MAX, &count);
}

/*
 * Keys.
 */

static const struct {
	int curses;
	unsigned int key;
} special_keys[] = {
	{ KEY_UP, SCREEN_UP },
	{ KEY_DOWN, SCREEN_DOWN },
	{ KEY_LEFT, SCREEN_LEFT },
	{ KEY_RIGHT, SCREEN_RIGHT },
	{ KEY_PPAGE, SCREEN_PAGE_UP },
	{ KEY_NPAGE, SCREEN_PAGE_DOWN },
	{ KEY_HOME, SCREEN_HOME },
	{ KEY_END, SCREEN_END },
	{ KEY_ENTER, SCREEN_ENTER },
	{ KEY_BACKSPACE, SCREEN_BACKSPACE },
	{ KEY_F(1), SCREEN_F1 },
	{ KEY_RESIZE, SCREEN_RESIZED },
};

static unsigned int special_key(int curses)
{
	size_t i;

	for (i = 0; i < sizeof(special_keys) / sizeof(special_keys[0]); i++)
		if (special_keys[i].curses == curses)
			return special_keys[i].key;
	return SCREEN_OTHER;
}

static unsigned int plain_key(wint_t character)
{
	switch (character) {
	case L'\r':
	case L'\n':
		return SCREEN_ENTER;
	case L'\b':
	case 127:
		return SCREEN_BACKSPACE;
	case 27:
		return SCREEN_ESCAPE;
	case 0:
		return SCREEN_OTHER;
	default:
		return character;
	}
}

/* A signal ends the wait: the terminal's size may be another one, or the end was asked for. */
unsigned int screen_key(int timeout_ms)
{
	struct pollfd pollfd = { .fd = STDIN_FILENO, .events = POLLIN };
	int ready = poll(&pollfd, 1, timeout_ms);
	wint_t character;

	switch (get_wch(&character)) {
	case OK:
		return plain_key(character);
	case KEY_CODE_YES:
		return special_key(character);
	default:
		if (ready > 0 && pollfd.revents & (POLLHUP | POLLERR | POLLNVAL))
			return SCREEN_GONE;
		return ready > 0 ? SCREEN_OTHER : SCREEN_NONE;
	}
}
