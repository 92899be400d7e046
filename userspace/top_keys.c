// SPDX-License-Identifier: GPL-2.0
/* What keys do. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repeat.h"
#include "say.h"
#include "seconds.h"
#include "top_kinds.h"
#include "top_screen.h"
#include "top_ui.h"

static struct top_model *model_of(struct top_ui *ui)
{
	return &top_session_view(&ui->session)->model;
}

__attribute__((format(printf, 2, 3))) static void tell(struct top_ui *ui, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ui->message, sizeof(ui->message), format, args);
	va_end(args);
}

static void arrange(struct top_ui *ui)
{
	if (!top_model_arrange(model_of(ui)))
		say_error("out of memory");
}

/*
 * Texts that are asked for.
 */

struct top_prompt {
	const char *label;
	/* With each character; NULL: only when it is complete. */
	void (*change)(struct top_ui *ui, const char *text);
	void (*done)(struct top_ui *ui, const char *text);
};

static void set_filter(struct top_ui *ui, const char *text)
{
	struct top_model *model = model_of(ui);

	snprintf(model->filter, sizeof(model->filter), "%s", text);
	arrange(ui);
}

static void set_user(struct top_ui *ui, const char *text)
{
	snprintf(ui->user, sizeof(ui->user), "%s", text);
	ui->session.filter.user = *text ? ui->user : NULL;
	ui->due = true;
}

static void sort_by(struct top_ui *ui, const struct field *field)
{
	struct top_model *model = model_of(ui);

	/* It may not have been counted. */
	if (top_needs_pages(field) && !top_session_view(&ui->session)->looked)
		ui->due = true;
	model->sort = field;
	model->backwards = false;
	top_model_move_to(model, 0);
	arrange(ui);
}

static void set_sort(struct top_ui *ui, const char *text)
{
	const struct field *field = listing_find(model_of(ui)->kind->listing, text);

	if (field)
		sort_by(ui, field);
	else if (*text)
		tell(ui, "there is no column '%s'", text);
}

/* Nothing: the usual ones. */
static void set_columns(struct top_ui *ui, const char *text)
{
	const struct listing *listing = model_of(ui)->kind->listing;
	struct top_session *session = &ui->session;
	const char *list = text, *wrong = NULL;
	bool shy;

	list += *list == '+';
	while (*text && listing_next(listing, &list, &shy, &wrong))
		;
	if (wrong) {
		tell(ui, "there is no column '%.*s'", (int)strcspn(wrong, ","), wrong);
		return;
	}
	snprintf(ui->columns[session->level], sizeof(ui->columns[0]), "%s", text);
	top_session_view(session)->columns = *text ? ui->columns[session->level] : NULL;
	ui->due = true;
}

static void set_interval(struct top_ui *ui, const char *text)
{
	if (*text && !seconds_parse(text, REPEAT_INTERVAL_MIN, &ui->session.interval_ns))
		tell(ui, "'%s' is no interval: seconds, %g or more", text, REPEAT_INTERVAL_MIN);
}

static const struct top_prompt filter_prompt = { "show names with", set_filter, set_filter };
static const struct top_prompt user_prompt = { "user, nothing for all", NULL, set_user };
static const struct top_prompt sort_prompt = { "sort by column", NULL, set_sort };
static const struct top_prompt columns_prompt = { "columns, nothing for the usual ones", NULL,
						  set_columns };
static const struct top_prompt interval_prompt = { "seconds between readings", NULL,
						   set_interval };

static void ask(struct top_ui *ui, const struct top_prompt *prompt, const char *text)
{
	ui->prompt = prompt;
	snprintf(ui->text, sizeof(ui->text), "%s", text);
}

const char *top_ui_prompt(const struct top_ui *ui)
{
	return ui->prompt ? ui->prompt->label : NULL;
}

/* In whatever bytes the locale has for it. */
static void add_character(struct top_ui *ui, unsigned int key)
{
	size_t length = strlen(ui->text);
	wchar_t wide[2] = { key, L'\0' };
	char bytes[16];
	size_t more = wcstombs(bytes, wide, sizeof(bytes));

	if (key < ' ' || key >= SCREEN_UP || more == (size_t)-1 ||
	    length + more >= sizeof(ui->text))
		return;
	memcpy(ui->text + length, bytes, more);
	ui->text[length + more] = '\0';
}

static void remove_character(struct top_ui *ui)
{
	size_t length = strlen(ui->text);

	/* A character begins with a byte that does not continue one. */
	while (length && (ui->text[--length] & 0xc0) == 0x80)
		;
	ui->text[length] = '\0';
}

static void press_in_prompt(struct top_ui *ui, unsigned int key)
{
	const struct top_prompt *prompt = ui->prompt;

	switch (key) {
	case SCREEN_ENTER:
		ui->prompt = NULL;
		prompt->done(ui, ui->text);
		return;
	case SCREEN_ESCAPE:
		ui->prompt = NULL;
		if (prompt->change)
			prompt->change(ui, "");
		return;
	case SCREEN_BACKSPACE:
		remove_character(ui);
		break;
	case 'U' - '@':
		*ui->text = '\0';
		break;
	default:
		add_character(ui, key);
	}
	if (prompt->change)
		prompt->change(ui, ui->text);
}

/*
 * Keys.
 */

static void press_step(struct top_ui *ui, unsigned int key)
{
	top_model_move(model_of(ui), key == SCREEN_UP || key == 'k' ? -1 : 1);
}

static void press_page(struct top_ui *ui, unsigned int key)
{
	long page = ui->page ?: 1;

	top_model_move(model_of(ui), key == SCREEN_PAGE_UP ? -page : page);
}

static void press_edge(struct top_ui *ui, unsigned int key)
{
	top_model_move_to(model_of(ui), key == SCREEN_HOME ? 0 : SIZE_MAX);
}

static void press_enter(struct top_ui *ui, unsigned int key)
{
	(void)key;
	ui->due |= top_session_enter(&ui->session);
}

static void press_leave(struct top_ui *ui, unsigned int key)
{
	(void)key;
	ui->due |= top_session_leave(&ui->session);
}

static void press_next_column(struct top_ui *ui, unsigned int key)
{
	struct top_column columns[LISTING_COLUMNS_MAX];
	size_t count = top_columns(&ui->session, columns), at = 0;

	while (at < count && columns[at].field != model_of(ui)->sort)
		at++;
	if (at == count)
		at = 0;
	else if (key == '<')
		at = at ? at - 1 : count - 1;
	else
		at = (at + 1) % count;
	if (count)
		sort_by(ui, columns[at].field);
}

static void press_sort(struct top_ui *ui, unsigned int key)
{
	(void)key;
	ask(ui, &sort_prompt, "");
}

static void press_growth(struct top_ui *ui, unsigned int key)
{
	(void)key;
	sort_by(ui, listing_find(model_of(ui)->kind->listing, "growth"));
}

static void press_reverse(struct top_ui *ui, unsigned int key)
{
	(void)key;
	model_of(ui)->backwards = !model_of(ui)->backwards;
	arrange(ui);
}

static void press_filter(struct top_ui *ui, unsigned int key)
{
	(void)key;
	ask(ui, &filter_prompt, model_of(ui)->filter);
}

static void press_user(struct top_ui *ui, unsigned int key)
{
	(void)key;
	if (ui->session.level == TOP_PROCESSES)
		ask(ui, &user_prompt, ui->session.filter.user ?: "");
}

static void press_columns(struct top_ui *ui, unsigned int key)
{
	(void)key;
	ask(ui, &columns_prompt, top_session_view(&ui->session)->columns ?: "");
}

static void press_pages(struct top_ui *ui, unsigned int key)
{
	struct top_view *view = top_session_view(&ui->session);

	(void)key;
	view->pages = !view->looked;
	ui->due = true;
}

static void press_interval(struct top_ui *ui, unsigned int key)
{
	(void)key;
	ask(ui, &interval_prompt, "");
}

static void press_freeze(struct top_ui *ui, unsigned int key)
{
	(void)key;
	ui->session.frozen = !ui->session.frozen;
	ui->due |= !ui->session.frozen;
}

static void press_sample(struct top_ui *ui, unsigned int key)
{
	if (!ui->session.capture)
		tell(ui, "only a capture has other samples: --source FILE");
	else if (top_session_step(&ui->session, key == '[' ? -1 : 1))
		ui->due = true;
	else
		tell(ui, "this is the %s sample", key == '[' ? "first" : "last");
}

static void press_repair(struct top_ui *ui, unsigned int key)
{
	(void)ui;
	(void)key;
	screen_repair();
}

static void press_help(struct top_ui *ui, unsigned int key)
{
	(void)key;
	ui->help = true;
	ui->help_at = 0;
}

static void press_quit(struct top_ui *ui, unsigned int key)
{
	(void)key;
	ui->quit = true;
}

static const struct key {
	struct top_key_text text;
	unsigned int keys[3];
	void (*press)(struct top_ui *ui, unsigned int key);
} keys[] = {
#define ROW(names, help, first, second, third, function) \
	{ { names, help }, { first, second, third }, function },
	TOP_KEYS(ROW)
#undef ROW
	/* As in vi, next to its neighbour above. */
	{ { NULL, NULL }, { 'j', 0, 0 }, press_step },
};

#define NR_KEYS		(sizeof(keys) / sizeof(keys[0]))

const struct top_key_text *top_key_text(size_t number)
{
	return number < NR_KEYS && keys[number].text.names ? &keys[number].text : NULL;
}

static const struct key *find_key(unsigned int pressed)
{
	size_t i, j;

	for (i = 0; i < NR_KEYS; i++)
		for (j = 0; j < 3; j++)
			if (keys[i].keys[j] == pressed)
				return &keys[i];
	return NULL;
}

/* Help can be longer than the screen; any other key ends it. */
static void press_in_help(struct top_ui *ui, unsigned int key)
{
	if (key == SCREEN_UP || key == 'k')
		ui->help_at -= !!ui->help_at;
	else if (key == SCREEN_DOWN || key == 'j')
		ui->help_at += !!top_key_text(ui->help_at + 1);
	else
		ui->help = false;
}

void top_ui_press(struct top_ui *ui, unsigned int key)
{
	const struct key *found;

	if (key == SCREEN_NONE || key == SCREEN_RESIZED || key == SCREEN_OTHER)
		return;
	*ui->message = '\0';
	if (key == SCREEN_GONE) {
		ui->quit = true;
	} else if (ui->prompt) {
		press_in_prompt(ui, key);
	} else if (ui->help) {
		press_in_help(ui, key);
	} else {
		found = find_key(key);
		if (found)
			found->press(ui, key);
	}
}
