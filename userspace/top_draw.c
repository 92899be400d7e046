// SPDX-License-Identifier: GPL-2.0
/* What stands where on the screen. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "process_row.h"
#include "text.h"
#include "top_kinds.h"
#include "top_screen.h"
#include "top_ui.h"
#include "units.h"
#include "user.h"

/* On less, nothing can be told that is of use. */
#define COLUMNS_MIN	30
#define ROWS_MIN	7

/* Above the rows, and below them. */
#define LINES_ABOVE	4
#define LINES_BELOW	1

/* A column that is cut where the screen ends still has this part of it. */
#define FLEXIBLE_PART	5

#define LINE_MAX	1024

/*
 * Columns.
 */

static const char *usual_columns(const struct top_view *view)
{
	const struct top_kind *kind = view->model.kind;

	return view->looked && kind->with_pages ? kind->with_pages : kind->listing->defaults;
}

static size_t add_columns(const struct listing *listing, const char *list,
			  struct top_column *columns, size_t count)
{
	struct top_column column = { 0 };
	const char *wrong;

	while (count < LISTING_COLUMNS_MAX &&
	       (column.field = listing_next(listing, &list, &column.shy, &wrong)))
		columns[count++] = column;
	return count;
}

/* What is added to the usual ones stands before the last of them, which takes the rest. */
size_t top_columns(struct top_session *session, struct top_column columns[LISTING_COLUMNS_MAX])
{
	const struct top_view *view = top_session_view(session);
	const struct listing *listing = view->model.kind->listing;
	struct top_column last;
	size_t count;

	if (view->columns && *view->columns != '+')
		return add_columns(listing, view->columns, columns, 0);
	count = add_columns(listing, usual_columns(view), columns, 0);
	if (!view->columns)
		return count;
	last = columns[--count];
	count = add_columns(listing, view->columns + 1, columns, count);
	columns[count - (count == LISTING_COLUMNS_MAX)] = last;
	return count + (count < LISTING_COLUMNS_MAX);
}

/* As wide as they ever had to be, lest everything moves all the time. */
struct layout {
	size_t count;
	struct top_column columns[LISTING_COLUMNS_MAX];
	unsigned int screen;		/* this goes for a screen of so many characters */
};

static struct layout layouts[NR_TOP_LEVELS];

static bool is_flexible(const struct layout *layout, size_t column)
{
	return column == layout->count - 1 && layout->columns[column].field->cut;
}

/* The row's text at a column. */
static const char *text_at(const struct top_session *session, const struct top_row *row,
			   const struct field *field, struct cell *cell, char buffer[CELL_MAX])
{
	listing_get(row->model->kind->listing, field, row, cell);
	return cell_show(cell, session->request, buffer);
}

static void take_widths(struct layout *layout, const struct top_session *session,
			const struct top_row *row)
{
	struct top_column *column;
	char buffer[CELL_MAX];
	struct cell cell;
	unsigned int width;
	size_t i;

	for (i = 0; i < layout->count; i++) {
		column = &layout->columns[i];
		if (is_flexible(layout, i))
			continue;
		width = screen_width(text_at(session, row, column->field, &cell, buffer));
		column->shy &= cell_is_unknown(&cell);
		if (width > column->width)
			column->width = width;
	}
}

static unsigned int width_of_all(const struct layout *layout)
{
	unsigned int width = 0;
	size_t i;

	for (i = 0; i < layout->count; i++)
		width += layout->columns[i].width + !!i;
	return width;
}

static void drop_column(struct layout *layout, size_t column)
{
	layout->count--;
	memmove(&layout->columns[column], &layout->columns[column + 1],
		(layout->count - column) * sizeof(layout->columns[0]));
}

/* Those at the end go first, but one that says who it is stays. */
static void drop_columns(struct layout *layout)
{
	size_t i;

	for (i = layout->count; i-- > 1;)
		if (layout->columns[i].shy)
			drop_column(layout, i);
	while (layout->count > 2 && width_of_all(layout) > layout->screen)
		drop_column(layout, layout->count - 1 - is_flexible(layout, layout->count - 1));
}

static bool is_same_layout(const struct layout *layout, const struct top_column *columns,
			   size_t count)
{
	size_t i;

	if (count != layout->count || layout->screen != screen_columns())
		return false;
	for (i = 0; i < count; i++)
		if (columns[i].field != layout->columns[i].field)
			return false;
	return true;
}

static void begin_layout(struct layout *layout, struct top_session *session)
{
	struct top_column columns[LISTING_COLUMNS_MAX];
	size_t count = top_columns(session, columns), i;
	char heading[HEADING_MAX];

	if (!is_same_layout(layout, columns, count))
		memcpy(layout->columns, columns, sizeof(columns));
	layout->count = count;
	layout->screen = screen_columns();
	for (i = 0; i < count; i++) {
		field_heading(columns[i].field, heading);
		if (layout->columns[i].width < screen_width(heading))
			layout->columns[i].width = screen_width(heading);
		layout->columns[i].shy = columns[i].shy;
	}
}

/* What fits. */
static void finish_layout(const struct layout *layout, struct layout *fitting)
{
	struct top_column *last;
	unsigned int used;

	*fitting = *layout;
	last = &fitting->columns[fitting->count - 1];
	if (is_flexible(fitting, fitting->count - 1) && last->width < layout->screen / FLEXIBLE_PART)
		last->width = layout->screen / FLEXIBLE_PART;
	drop_columns(fitting);
	last = &fitting->columns[fitting->count - 1];
	used = width_of_all(fitting) - last->width;
	if (is_flexible(fitting, fitting->count - 1) && used < layout->screen)
		last->width = layout->screen - used;
}

/*
 * Rows.
 */

/* Letters of types are blocks of their colours, where there are any. */
static void draw_types(unsigned int row, unsigned int column, unsigned int width,
		       const char *letters)
{
	const char *type;
	unsigned int i;

	for (i = 0; i < width && letters[i]; i++) {
		type = strchr(top_type_letters, letters[i]);
		if (type)
			screen_block(row, column + i, SCREEN_TYPES + (type - top_type_letters));
	}
}

static void draw_cell(const struct top_column *column, unsigned int row, unsigned int at,
		      const char *text, enum screen_style style)
{
	if (column->field->left)
		screen_text(row, at, column->width, text, style);
	else
		screen_text_right(row, at, column->width, text, style);
}

static void draw_headings(const struct layout *layout, const struct top_model *model)
{
	const struct top_column *column;
	char heading[HEADING_MAX];
	unsigned int at = 0;
	size_t i;

	screen_text(LINES_ABOVE - 1, 0, layout->screen, "", SCREEN_HEADING);
	for (i = 0; i < layout->count; i++) {
		column = &layout->columns[i];
		field_heading(column->field, heading);
		draw_cell(column, LINES_ABOVE - 1, at, heading,
			  column->field == model->sort ? SCREEN_SORTED : SCREEN_HEADING);
		at += column->width + 1;
	}
}

static void draw_row(const struct layout *layout, const struct top_session *session,
		     const struct top_row *row, unsigned int line, enum screen_style style)
{
	const struct top_column *column;
	char buffer[CELL_MAX];
	unsigned int at = 0;
	const char *text;
	struct cell cell;
	size_t i;

	screen_text(line, 0, layout->screen, "", style);
	for (i = 0; i < layout->count; i++) {
		column = &layout->columns[i];
		text = text_at(session, row, column->field, &cell, buffer);
		draw_cell(column, line, at, text, style);
		if (screen_has_colours() && cell.kind == CELL_TEXT &&
		    !strcmp(column->field->name, TOP_TYPES_FIELD))
			draw_types(line, at, column->width, text);
		at += column->width + 1;
	}
}

static void draw_nothing(const struct top_session *session, const struct top_model *model)
{
	char line[LINE_MAX];

	if (*model->filter)
		snprintf(line, sizeof(line), "no name has '%s' in it", model->filter);
	else
		snprintf(line, sizeof(line), "%s", session->source ? "there is nothing to be shown" : "");
	screen_text(LINES_ABOVE, 0, screen_columns(), line, SCREEN_FAINT);
}

/* The cursor's row is always among those that are seen. */
static void draw_rows(struct top_ui *ui)
{
	struct top_session *session = &ui->session;
	struct layout *layout = &layouts[session->level], fitting;
	struct top_model *model = &top_session_view(session)->model;
	size_t first, i;

	ui->page = screen_rows() - LINES_ABOVE - LINES_BELOW;
	model->width = screen_columns() >= 120 ? 16 : 8;
	first = model->at < ui->page ? 0 : model->at - ui->page + 1;
	begin_layout(layout, session);
	for (i = first; i < model->nr_shown && i < first + ui->page; i++)
		take_widths(layout, session, model->shown[i]);
	finish_layout(layout, &fitting);
	draw_headings(&fitting, model);
	for (i = first; i < model->nr_shown && i < first + ui->page; i++)
		draw_row(&fitting, session, model->shown[i], LINES_ABOVE + i - first,
			 i == model->at ? SCREEN_CURSOR : SCREEN_PLAIN);
	if (!model->nr_shown)
		draw_nothing(session, model);
}

/*
 * The lines above.
 */

/* Puts in what comes after what is there already. */
__attribute__((format(printf, 2, 3))) static void append(char line[LINE_MAX], const char *format, ...)
{
	size_t length = strlen(line);
	va_list args;

	va_start(args, format);
	vsnprintf(line + length, LINE_MAX - length, format, args);
	va_end(args);
}

static void append_time(char line[LINE_MAX], const struct top_session *session)
{
	time_t now = session->unix_ns ? (time_t)(session->unix_ns / 1000000000) : time(NULL);
	char text[64];
	struct tm tm;

	strftime(text, sizeof(text), session->unix_ns ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S",
		 localtime_r(&now, &tm));
	append(line, "%s", text);
}

static void append_pace(char line[LINE_MAX], const struct top_session *session)
{
	long long pause = top_session_pause_ns(session);

	if (session->capture)
		append(line, ", sample %zu of %zu", session->sample + 1, session->nr_samples);
	else if (session->frozen)
		append(line, ", frozen");
	else if (pause > session->interval_ns)
		append(line, ", slowed to %.1fs", pause / 1e9);
	else
		append(line, ", every %gs", session->interval_ns / 1e9);
}

static void draw_title(struct top_session *session)
{
	const struct top_view *view = top_session_view(session);
	char line[LINE_MAX] = "memclass top - ", right[LINE_MAX] = "", memory[UNITS_MAX];
	unsigned int width;

	append_time(line, session);
	append_pace(line, session);
	append(right, "%s, %s", session->source ? source_name(session->source) : "no source",
	       view->looked ? "each page" : "cheap");
	if (session->cost.processor >= 0)
		append(right, "; costs %.1f%% CPU, %s", session->cost.processor * 100,
		       units_bytes(memory, session->cost.memory));
	width = screen_width(line);
	screen_text(0, 0, screen_columns(), line, SCREEN_TITLE);
	if (width + 2 + screen_width(right) <= screen_columns())
		screen_text_right(0, width + 2, screen_columns() - width - 2, right, SCREEN_PLAIN);
}

static void append_bytes(char line[LINE_MAX], const char *before, uint64_t bytes)
{
	char text[UNITS_MAX];

	append(line, "%s%s", before, bytes == TOP_UNKNOWN ? "-" : units_bytes(text, bytes));
}

static void draw_machine(const struct top_session *session)
{
	const struct top_totals *totals = &session->totals;
	const struct top_model *model = &session->views[TOP_PROCESSES].model;
	char line[LINE_MAX] = "";

	if (model->nr_shown == totals->processes)
		append(line, "%zu processes", totals->processes);
	else
		append(line, "%zu of %zu processes", model->nr_shown, totals->processes);
	if (totals->memory) {
		append_bytes(line, "; memory ", totals->memory);
		append_bytes(line, ", available ", totals->available);
		append_bytes(line, "; swap ", totals->swap);
		append_bytes(line, ", free ", totals->swap_free);
	}
	screen_text(1, 0, screen_columns(), line, SCREEN_PLAIN);
}

/* It explains the bars as well. */
static void draw_sums(const struct top_totals *totals)
{
	static const char *const headings[] = {
#define HEADING(type, name, text)	PROCESS_ROW_HEADING_##type,
		MEMCLASS_TYPES(HEADING)
#undef HEADING
	};
	unsigned int at = 5, i;
	char line[LINE_MAX];

	if (totals->types_unknown == totals->processes) {
		screen_text(2, 0, screen_columns(), "types of memory: only with a look at each page (p)",
			    SCREEN_FAINT);
		return;
	}
	screen_text(2, 0, 4, totals->pss ? "PSS:" : "RSS:", SCREEN_PLAIN);
	for (i = 0; i < MEMCLASS_NR_TYPES; i++) {
		snprintf(line, sizeof(line), "%c", top_type_letters[i]);
		if (screen_has_colours())
			screen_block(2, at, SCREEN_TYPES + i);
		else
			screen_text(2, at, 1, line, SCREEN_TITLE);
		snprintf(line, sizeof(line), "=%s", headings[i]);
		append_bytes(line, " ", totals->types[i]);
		screen_text(2, at + 1, screen_width(line), line, SCREEN_PLAIN);
		at += 1 + screen_width(line) + 2;
	}
	if (!totals->types_unknown)
		return;
	snprintf(line, sizeof(line), "%zu unknown", totals->types_unknown);
	screen_text(2, at, screen_width(line), line, SCREEN_FAINT);
}

static void draw_process(const struct top_session *session)
{
	const struct process *process = &session->process;
	char line[LINE_MAX] = "", comm[TEXT_ESCAPED(sizeof(process->comm))], name[TEXT_ESCAPED(64)];
	char age[UNITS_MAX];

	append(line, "%s: pid %d, user %s, %" PRIu32 " thread%s",
	       text_escape(comm, sizeof(comm), process->comm), process->pid,
	       text_escape(name, sizeof(name), user_name(process)), process->threads,
	       process->threads == 1 ? "" : "s");
	if (process->read_ns >= process->start_ns)
		append(line, ", running for %s",
		       units_age(age, (process->read_ns - process->start_ns) / 1000000000));
	screen_text(1, 0, screen_columns(), line, SCREEN_PLAIN);
}

static void draw_end(const struct top_session *session)
{
	char line[LINE_MAX];

	snprintf(line, sizeof(line), "process %d has ended; this is the last that was seen of it",
		 session->process.pid);
	screen_text(2, 0, screen_columns(), line, SCREEN_ALARM);
}

static void draw_walk(const struct process *process)
{
	char line[LINE_MAX] = "", walk[UNITS_MAX], hold[UNITS_MAX];

	append_bytes(line, "page tables ", process->page_tables);
	if (!process->cost.unknown)
		append(line, "; read in %s, longest hold %s",
		       units_nanoseconds(walk, process->cost.walk_ns),
		       units_nanoseconds(hold, process->cost.max_hold_ns));
	screen_text(2, 0, screen_columns(), line, SCREEN_PLAIN);
}

static void draw_class(const struct top_session *session)
{
	const struct top_model *model = &session->views[TOP_MAPPINGS].model;
	char line[LINE_MAX] = "", name[CLASS_NAME_MAX];

	append(line, "class %s, %zu mappings", class_name(name, session->class), model->nr_rows);
	if (session->left_out)
		append_bytes(line, "; left out those below ", session->floor);
	screen_text(2, 0, screen_columns(), line, SCREEN_PLAIN);
}

static void draw_above(struct top_session *session)
{
	draw_title(session);
	if (session->level == TOP_PROCESSES) {
		draw_machine(session);
		draw_sums(&session->totals);
		return;
	}
	draw_process(session);
	if (session->ended)
		draw_end(session);
	else if (session->level == TOP_CLASSES)
		draw_walk(&session->process);
	else
		draw_class(session);
}

/*
 * The line below, and what takes the place of all.
 */

static void draw_below(const struct top_ui *ui)
{
	const char *hints[NR_TOP_LEVELS] = {
		"? keys  Enter classes  g growth  s sort  / find  p PSS  Space freeze  q quit",
		"? keys  Enter mappings  Esc back  g growth  s sort  Space freeze  q quit",
		"? keys  Esc back  g growth  s sort  / find  Space freeze  q quit",
	};
	const char *prompt = top_ui_prompt(ui);
	char line[LINE_MAX];

	if (prompt) {
		snprintf(line, sizeof(line), "%s: %s_", prompt, ui->text);
		screen_text(screen_rows() - 1, 0, screen_columns(), line, SCREEN_TITLE);
	} else if (*ui->message) {
		screen_text(screen_rows() - 1, 0, screen_columns(), ui->message, SCREEN_ALARM);
	} else {
		screen_text(screen_rows() - 1, 0, screen_columns(), hints[ui->session.level],
			    SCREEN_FAINT);
	}
}

static void draw_help(const struct top_ui *ui)
{
	const struct top_key_text *key;
	char line[LINE_MAX];
	unsigned int row = 1;
	size_t i = ui->help_at;

	screen_text(0, 0, screen_columns(), "memclass top: keys; any other one leaves this",
		    SCREEN_TITLE);
	for (; row < screen_rows() && (key = top_key_text(i)); row++, i++) {
		snprintf(line, sizeof(line), "%s %s", key->names, key->help);
		screen_text(row, 0, screen_columns(), line, SCREEN_PLAIN);
	}
}

static void draw_too_small(void)
{
	char line[LINE_MAX];

	snprintf(line, sizeof(line), "%ux%u is too small", screen_columns(), screen_rows());
	screen_text(0, 0, screen_columns(), line, SCREEN_PLAIN);
	snprintf(line, sizeof(line), "%dx%d needed", COLUMNS_MIN, ROWS_MIN);
	screen_text(1, 0, screen_columns(), line, SCREEN_PLAIN);
	screen_text(2, 0, screen_columns(), "q quits", SCREEN_PLAIN);
}

void top_draw(struct top_ui *ui)
{
	screen_begin();
	if (screen_columns() < COLUMNS_MIN || screen_rows() < ROWS_MIN) {
		draw_too_small();
	} else if (ui->help) {
		draw_help(ui);
	} else {
		draw_above(&ui->session);
		draw_rows(ui);
		draw_below(ui);
	}
	screen_end();
}
