/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs the client on a terminal: a pseudo one, whose screen is kept as a person would
 * see it. Understands what vt100 and xterm are told by curses.
 */
#ifndef SELFTESTS_CLIENT_TERMINAL_H
#define SELFTESTS_CLIENT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#define TERMINAL_ROWS_MAX	128
#define TERMINAL_COLUMNS_MAX	256

struct terminal {
	int master;
	int slave;			/* kept open, to see what state it is left in */
	pid_t pid;
	struct termios before;
	unsigned int rows;
	unsigned int columns;

	/* The screen: a byte sequence for each place. */
	char cells[TERMINAL_ROWS_MAX][TERMINAL_COLUMNS_MAX][5];
	unsigned int row;
	unsigned int column;
	char last[5];

	/* All that was written, and how much of it has been shown. */
	char *written;
	size_t length;
	size_t shown;
};

/* @environment is "NAME=VALUE ...". The arguments are the client's, and end with NULL. */
void terminal_start(struct terminal *terminal, unsigned int columns, unsigned int rows,
		    const char *environment, ...);
void terminal_send(struct terminal *terminal, const char *keys);
void terminal_resize(struct terminal *terminal, unsigned int columns, unsigned int rows);

/* Waits until @text is on the screen, or is not. False: it never came, or never went. */
bool terminal_shows(struct terminal *terminal, const char *text);
bool terminal_hides(struct terminal *terminal, const char *text);

/* A line as text, without blanks at its end. */
const char *terminal_line(const struct terminal *terminal, unsigned int row);

/* The first line that has @text in it, or NULL. */
const char *terminal_find(const struct terminal *terminal, const char *text);

/*
 * Waits for the client to end. Return: its exit status, or minus the signal; it is
 * ended if it does not by itself.
 */
int terminal_finish(struct terminal *terminal);

/* Was everything given back: modes, the cursor, the screen that was there before? */
bool terminal_is_restored(const struct terminal *terminal);

/* Has any byte sequence that begins so been written? */
bool terminal_wrote(const struct terminal *terminal, const char *text);
bool terminal_wrote_colours(const struct terminal *terminal);
bool terminal_wrote_above_ascii(const struct terminal *terminal);

void terminal_free(struct terminal *terminal);

#endif /* SELFTESTS_CLIENT_TERMINAL_H */
