// SPDX-License-Identifier: GPL-2.0
#include "terminal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* An emulated, busy machine is slow. */
#define PATIENCE_S	40

#define ARGUMENTS_MAX	20

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/*
 * The screen.
 */

static void blank(char cell[5])
{
	strcpy(cell, " ");
}

static void erase(struct terminal *terminal, unsigned int row, unsigned int from,
		  unsigned int to)
{
	for (; from < to && from < TERMINAL_COLUMNS_MAX; from++)
		blank(terminal->cells[row][from]);
}

static void erase_rows(struct terminal *terminal, unsigned int from, unsigned int to)
{
	for (; from < to && from < TERMINAL_ROWS_MAX; from++)
		erase(terminal, from, 0, TERMINAL_COLUMNS_MAX);
}

static void put(struct terminal *terminal, const char *character)
{
	if (terminal->row < terminal->rows && terminal->column < terminal->columns)
		strcpy(terminal->cells[terminal->row][terminal->column], character);
	memmove(terminal->last, character, strlen(character) + 1);
	terminal->column++;
}

static void move(struct terminal *terminal, int row, int column)
{
	terminal->row = row < 0 ? 0 : row;
	terminal->column = column < 0 ? 0 : column;
}

/* @mode: 0 from the cursor on, 1 up to it, 2 all. */
static void erase_screen(struct terminal *terminal, int mode)
{
	if (mode != 1)
		erase_rows(terminal, mode ? 0 : terminal->row + 1, TERMINAL_ROWS_MAX);
	else
		erase_rows(terminal, 0, terminal->row);
	if (!mode)
		erase(terminal, terminal->row, terminal->column, TERMINAL_COLUMNS_MAX);
	else if (mode == 1)
		erase(terminal, terminal->row, 0, terminal->column + 1);
}

static void erase_line(struct terminal *terminal, int mode)
{
	erase(terminal, terminal->row, mode ? 0 : terminal->column,
	      mode == 1 ? terminal->column + 1 : TERMINAL_COLUMNS_MAX);
}

static void control(struct terminal *terminal, char what, const int *numbers)
{
	int row = terminal->row, column = terminal->column, n = numbers[0] ?: 1, i;

	switch (what) {
	case 'A':
		move(terminal, row - n, column);
		break;
	case 'B':
		move(terminal, row + n, column);
		break;
	case 'C':
		move(terminal, row, column + n);
		break;
	case 'D':
		move(terminal, row, column - n);
		break;
	case 'G':
		move(terminal, row, n - 1);
		break;
	case 'd':
		move(terminal, n - 1, column);
		break;
	case 'H':
		move(terminal, n - 1, (numbers[1] ?: 1) - 1);
		break;
	case 'J':
		erase_screen(terminal, numbers[0]);
		break;
	case 'K':
		erase_line(terminal, numbers[0]);
		break;
	case 'X':
		erase(terminal, row, column, column + n);
		break;
	case 'b':
		for (i = 0; i < n; i++)
			put(terminal, terminal->last);
		break;
	default:
		/* Attributes and modes: they are looked for in what was written. */
		break;
	}
}

/* Return: bytes of a sequence that begins with ESC, or 0 when the rest is still to come. */
static size_t take_sequence(struct terminal *terminal, const char *at, size_t left)
{
	int numbers[8] = { 0 }, count = 0;
	size_t i;

	if (left < 2)
		return 0;
	if (strchr("()*+", at[1]))
		return left < 3 ? 0 : 3;
	if (at[1] != '[')
		return 2;
	for (i = 2; i < left; i++) {
		if (isdigit((unsigned char)at[i])) {
			numbers[count] = numbers[count] * 10 + at[i] - '0';
		} else if (at[i] == ';') {
			count += count < 7;
		} else if (at[i] >= '@') {
			if (!strchr("?>!", at[2]))
				control(terminal, at[i], numbers);
			return i + 1;
		}
	}
	return 0;
}

static size_t length_of(unsigned char byte)
{
	return 1 + (byte >= 0xc0) + (byte >= 0xe0) + (byte >= 0xf0);
}

/* Return: bytes, or 0 when the rest is still to come. */
static size_t take_character(struct terminal *terminal, const char *at, size_t left)
{
	size_t length = length_of(*at);
	char character[5] = "";

	if (left < length)
		return 0;
	switch (*at) {
	case '\r':
		terminal->column = 0;
		return 1;
	case '\n':
		terminal->row++;
		return 1;
	case '\b':
		terminal->column -= !!terminal->column;
		return 1;
	case '\t':
		terminal->column = (terminal->column / 8 + 1) * 8;
		return 1;
	}
	if ((unsigned char)*at < ' ')
		return 1;
	memcpy(character, at, length);
	put(terminal, character);
	return length;
}

static void show(struct terminal *terminal)
{
	const char *at;
	size_t left, took;

	while (terminal->shown < terminal->length) {
		at = terminal->written + terminal->shown;
		left = terminal->length - terminal->shown;
		took = *at == '\033' ? take_sequence(terminal, at, left) :
				       take_character(terminal, at, left);
		if (!took)
			return;
		terminal->shown += took;
	}
}

/*
 * The client.
 */

static void set_size(int fd, unsigned int columns, unsigned int rows)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };

	if (ioctl(fd, TIOCSWINSZ, &size))
		fail("TIOCSWINSZ");
}

static int open_pair(struct terminal *terminal)
{
	int number = 0, unlock = 0;
	char path[32];

	terminal->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal->master < 0 || ioctl(terminal->master, TIOCSPTLCK, &unlock) ||
	    ioctl(terminal->master, TIOCGPTN, &number))
		fail("a pseudo-terminal");
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	return open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static void set_environment(const char *environment)
{
	char *copy = strdup(environment), *word, *next;

	unsetenv("NO_COLOR");
	unsetenv("LC_ALL");
	unsetenv("COLUMNS");
	unsetenv("LINES");
	for (word = strtok_r(copy, " ", &next); word; word = strtok_r(NULL, " ", &next))
		putenv(word);
}

/* Without random addresses, as run.c tells. */
static void become_client(struct terminal *terminal, const char *environment,
			  const char *const *arguments)
{
	int fd;

	setsid();
	ioctl(terminal->slave, TIOCSCTTY, 0);
	for (fd = 0; fd < 3; fd++)
		dup2(terminal->slave, fd);
	set_environment(environment);
	personality(ADDR_NO_RANDOMIZE);
	execvp(arguments[0], (char *const *)arguments);
	_exit(127);
}

void terminal_start(struct terminal *terminal, unsigned int columns, unsigned int rows,
		    const char *environment, ...)
{
	const char *arguments[ARGUMENTS_MAX];
	va_list list;
	size_t i = 0;

	memset(terminal, 0, sizeof(*terminal));
	arguments[i++] = getenv("MEMCLASS") ?: "memclass";
	va_start(list, environment);
	while (i < ARGUMENTS_MAX && (arguments[i] = va_arg(list, const char *)))
		i++;
	va_end(list);
	if (i == ARGUMENTS_MAX)
		abort();
	erase_rows(terminal, 0, TERMINAL_ROWS_MAX);
	terminal->columns = columns;
	terminal->rows = rows;
	terminal->slave = open_pair(terminal);
	if (terminal->slave < 0 || tcgetattr(terminal->slave, &terminal->before))
		fail("a pseudo-terminal");
	set_size(terminal->master, columns, rows);
	terminal->pid = fork();
	if (terminal->pid < 0)
		fail("fork");
	if (!terminal->pid)
		become_client(terminal, environment, arguments);
}

void terminal_send(struct terminal *terminal, const char *keys)
{
	if (write(terminal->master, keys, strlen(keys)) != (ssize_t)strlen(keys))
		fail("writing keys");
}

void terminal_resize(struct terminal *terminal, unsigned int columns, unsigned int rows)
{
	terminal->columns = columns;
	terminal->rows = rows;
	erase_rows(terminal, 0, TERMINAL_ROWS_MAX);
	set_size(terminal->master, columns, rows);
}

/* Return: false when there was nothing to be read in @timeout_ms. */
static bool take(struct terminal *terminal, int timeout_ms)
{
	struct pollfd pollfd = { .fd = terminal->master, .events = POLLIN };
	char part[4096], *more;
	ssize_t got;

	if (poll(&pollfd, 1, timeout_ms) <= 0)
		return false;
	got = read(terminal->master, part, sizeof(part));
	if (got <= 0)
		return false;
	more = realloc(terminal->written, terminal->length + got + 1);
	if (!more)
		fail("realloc");
	memcpy(more + terminal->length, part, got);
	terminal->written = more;
	terminal->length += got;
	more[terminal->length] = '\0';
	show(terminal);
	return true;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* What is written at one time is seen at one time. */
static bool wait_for(struct terminal *terminal, const char *text, bool there)
{
	double end = seconds() + PATIENCE_S;

	do {
		while (take(terminal, 20))
			;
		if (!!terminal_find(terminal, text) == there)
			return true;
		take(terminal, 200);
	} while (seconds() < end);
	return false;
}

bool terminal_shows(struct terminal *terminal, const char *text)
{
	return wait_for(terminal, text, true);
}

bool terminal_hides(struct terminal *terminal, const char *text)
{
	return wait_for(terminal, text, false);
}

const char *terminal_line(const struct terminal *terminal, unsigned int row)
{
	static char line[TERMINAL_COLUMNS_MAX * 4 + 1];
	char *at = line;
	unsigned int i;

	for (i = 0; i < terminal->columns; i++)
		at = stpcpy(at, terminal->cells[row][i]);
	while (at > line && at[-1] == ' ')
		at--;
	*at = '\0';
	return line;
}

const char *terminal_find(const struct terminal *terminal, const char *text)
{
	unsigned int row;

	for (row = 0; row < terminal->rows; row++)
		if (strstr(terminal_line(terminal, row), text))
			return terminal_line(terminal, row);
	return NULL;
}

int terminal_finish(struct terminal *terminal)
{
	double end = seconds() + PATIENCE_S;
	int status;

	while (!waitpid(terminal->pid, &status, WNOHANG)) {
		take(terminal, 50);
		if (seconds() > end)
			kill(terminal->pid, SIGKILL);
	}
	while (take(terminal, 0))
		;
	terminal->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Only the last one of these counts, and there is one. */
static bool ends_with(const struct terminal *terminal, const char *last, const char *other)
{
	const char *at = terminal->written, *found = NULL, *found_other = NULL;

	for (; (at = strstr(at, last)); at++)
		found = at;
	for (at = terminal->written; (at = strstr(at, other)); at++)
		found_other = at;
	return found && found > found_other;
}

/* For xterm: its other screen, and its cursor. */
bool terminal_is_restored(const struct terminal *terminal)
{
	struct termios now = { 0 };

	return !tcgetattr(terminal->slave, &now) &&
	       !memcmp(&now, &terminal->before, sizeof(now)) &&
	       ends_with(terminal, "\033[?1049l", "\033[?1049h") &&
	       ends_with(terminal, "\033[?25h", "\033[?25l");
}

bool terminal_wrote(const struct terminal *terminal, const char *text)
{
	return terminal->written && strstr(terminal->written, text);
}

/* "\033[...m" with a number from 30 on. */
bool terminal_wrote_colours(const struct terminal *terminal)
{
	const char *at = terminal->written;
	int number;

	while (at && (at = strstr(at, "\033["))) {
		at += 2;
		if (at[strspn(at, "0123456789;")] != 'm')
			continue;
		for (; *at != 'm'; at += strspn(at, "0123456789"), at += *at == ';') {
			number = atoi(at);
			if (number >= 30)
				return true;
		}
	}
	return false;
}

bool terminal_wrote_above_ascii(const struct terminal *terminal)
{
	size_t i;

	for (i = 0; i < terminal->length; i++)
		if ((unsigned char)terminal->written[i] > 127)
			return true;
	return false;
}

void terminal_free(struct terminal *terminal)
{
	if (terminal->pid > 0)
		terminal_finish(terminal);
	close(terminal->master);
	close(terminal->slave);
	free(terminal->written);
	memset(terminal, 0, sizeof(*terminal));
}
