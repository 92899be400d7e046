// SPDX-License-Identifier: GPL-2.0
/* memclass top: processes by their memory, all the time, on the whole screen. */
#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "pid.h"
#include "repeat.h"
#include "say.h"
#include "seconds.h"
#include "table.h"
#include "top_kinds.h"
#include "top_screen.h"
#include "top_ui.h"

#define SECOND	1000000000LL

/* A screen whose size has changed is not left as it is for longer. */
#define WAIT_MAX_MS	1000

static volatile sig_atomic_t ending;

static void end(int signal)
{
	ending = signal;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = end };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* Who interrupts it has seen enough; who ends it otherwise shall see that it was so. */
static enum status finish_signal(enum status status)
{
	if (!ending || ending == SIGINT)
		return status;
	signal(ending, SIG_DFL);
	raise(ending);
	return STATUS_FAILURE;
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

static bool is_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

/*
 * What was asked for.
 */

struct plan {
	unsigned long left;		/* readings; 0: no end */
	pid_t pid;			/* 0: all processes */
	bool colours;
};

/* The option goes before the environment, and that before what the terminal can do. */
static enum status parse_colour(const char *text, bool *colours)
{
	const char *none = getenv("NO_COLOR");

	*colours = !none || !*none;
	if (!text || !strcmp(text, "auto"))
		return STATUS_OK;
	*colours = !strcmp(text, "always");
	if (*colours || !strcmp(text, "never"))
		return STATUS_OK;
	say_usage("top", "--colour auto, always or never, not '%s'", text);
	return STATUS_USAGE;
}

static enum status parse_numbers(struct plan *plan, struct top_session *session,
				 const struct request *request)
{
	session->interval_ns = SECOND;
	if (!seconds_option("top", "interval", request->delay, REPEAT_INTERVAL_MIN,
			    &session->interval_ns))
		return STATUS_USAGE;
	if (request->iterations && !repeat_parse_count(request->iterations, &plan->left)) {
		say_usage("top", "'%s' is no number of readings", request->iterations);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

static enum status parse_pid(struct plan *plan, char **operands, int count)
{
	if (!count || pid_parse(operands[0], &plan->pid))
		return STATUS_OK;
	say_usage("top", "'%s' is not a process id", operands[0]);
	return STATUS_USAGE;
}

static enum status check_terminal(const struct request *request)
{
	bool shows = isatty(STDOUT_FILENO);

	if (request->batch)
		return STATUS_OK;
	if (request->raw) {
		say_usage("top", "--raw goes with --batch");
		return STATUS_USAGE;
	}
	if (shows && isatty(STDIN_FILENO))
		return STATUS_OK;
	say_usage("top", "standard %s is no terminal: --batch writes plain text instead",
		  shows ? "input" : "output");
	return STATUS_USAGE;
}

/*
 * On the screen.
 */

static struct top_ui *told;

/* What the source says while the screen is ours. */
static void take_message(const char *message)
{
	snprintf(told->message, sizeof(told->message), "%s", message);
}

/* Return: milliseconds until then, at least none and at most WAIT_MAX_MS. */
static int until(long long then)
{
	long long left = (then - now_ns() + 999999) / 1000000;

	if (left > WAIT_MAX_MS)
		return WAIT_MAX_MS;
	return left < 0 ? 0 : left;
}

/* Nothing that is there can change by itself. */
static bool is_at_rest(const struct top_session *session)
{
	return session->frozen || session->capture || session->ended;
}

static bool is_due(const struct top_ui *ui, long long next)
{
	return ui->due || (!is_at_rest(&ui->session) && now_ns() >= next);
}

/* Even intervals, unless a reading takes too long for that. */
static long long beat_after(const struct top_session *session, long long next)
{
	long long now = now_ns();

	next += top_session_pause_ns(session);
	return next < now ? now + top_session_pause_ns(session) : next;
}

static void show(struct top_ui *ui, struct plan *plan)
{
	long long next = now_ns();
	bool forever = !plan->left;
	unsigned int key;

	ui->due = true;
	while (!ui->quit && !ending) {
		if (is_due(ui, next)) {
			if (!forever && !plan->left--)
				return;
			top_session_read(&ui->session);
			if (!ui->due)
				next = beat_after(&ui->session, next);
			ui->due = false;
		}
		top_draw(ui);
		key = screen_key(is_at_rest(&ui->session) ? WAIT_MAX_MS : until(next));
		while (key != SCREEN_NONE && !ui->quit) {
			top_ui_press(ui, key);
			key = screen_key(0);
		}
	}
}

static void set_ascii(struct top_session *session)
{
	enum top_level level;

	for (level = 0; level < NR_TOP_LEVELS; level++)
		session->views[level].model.ascii = !is_utf8();
}

static enum status show_on_screen(struct top_ui *ui, struct plan *plan)
{
	enum status status = screen_open(plan->colours);

	if (status)
		return status;
	told = ui;
	say_to(take_message);
	show(ui, plan);
	say_to(NULL);
	screen_close();
	return finish_signal(STATUS_OK);
}

/*
 * In a batch: as plain tables.
 */

static void print_time(const struct top_session *session)
{
	time_t now = session->unix_ns ? (time_t)(session->unix_ns / SECOND) : time(NULL);
	char text[64];
	struct tm tm;

	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", localtime_r(&now, &tm));
	printf("memclass top - %s, ", text);
	if (session->level == TOP_PROCESSES)
		printf("%zu processes", session->totals.processes);
	else
		printf("process %d", session->process.pid);
	printf(", %s, %s\n", source_name(session->source),
	       session->views[session->level].looked ? "each page" : "cheap");
}

static const char *batch_columns(struct top_session *session, char *list, size_t size)
{
	struct top_column columns[LISTING_COLUMNS_MAX];
	size_t count = top_columns(session, columns), length = 0, i;

	for (i = 0; i < count && length < size; i++)
		length += snprintf(list + length, size - length, "%s%s", i ? "," : "",
				   columns[i].field->name);
	return list;
}

static enum status print_reading(struct top_session *session)
{
	const struct top_model *model = &top_session_view(session)->model;
	struct request request = *session->request;
	enum status status;
	struct table *table;
	char list[4096];
	size_t i;

	request.columns = batch_columns(session, list, sizeof(list));
	if (!request.raw)
		print_time(session);
	status = table_open(&table, model->kind->listing, &request);
	if (status)
		return status;
	for (i = 0; i < model->nr_shown; i++)
		table_row(table, model->shown[i]);
	return table_close(table);
}

static void wait_for_beat(struct top_session *session, long long *next)
{
	struct timespec until;

	*next = beat_after(session, *next);
	until = (struct timespec) { *next / SECOND, *next % SECOND };
	while (!ending &&
	       clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* From a capture it is those samples at its end. */
static void begin_at(struct top_session *session, unsigned long samples)
{
	if (session->capture && samples && samples <= session->nr_samples)
		session->sample = session->nr_samples - samples;
}

static bool has_more(struct top_session *session, struct plan *plan, long long *next)
{
	if (ending || session->ended || (plan->left && !--plan->left))
		return false;
	if (session->capture)
		return plan->left && top_session_step(session, 1);
	wait_for_beat(session, next);
	return !ending;
}

static enum status print_batch(struct top_session *session, struct plan *plan)
{
	long long next = now_ns();
	enum status status;
	bool first = true;

	begin_at(session, plan->left);
	do {
		if (!first)
			putchar('\n');
		first = false;
		status = top_session_read(session);
		if (!status && session->ended) {
			say_error("process %d has ended", session->process.pid);
			status = STATUS_FAILURE;
		}
		if (!status)
			status = print_reading(session);
		if (fflush(stdout) || ferror(stdout))
			return STATUS_FAILURE;
	} while (!status && has_more(session, plan, &next));
	return finish_signal(status);
}

static enum status run(const struct request *request, char **operands, int count)
{
	struct top_ui *ui = calloc(1, sizeof(*ui));
	struct plan plan = { 0 };
	enum status status;

	if (!ui) {
		say_error("out of memory");
		return STATUS_FAILURE;
	}
	status = check_terminal(request);
	if (!status)
		status = parse_colour(request->colour, &plan.colours);
	if (!status)
		status = parse_pid(&plan, operands, count);
	if (!status)
		status = top_session_open(&ui->session, request);
	if (status)
		goto out_free;
	status = parse_numbers(&plan, &ui->session, request);
	set_ascii(&ui->session);
	if (!status && plan.pid)
		status = top_session_enter_process(&ui->session, plan.pid);
	catch_signals();
	if (!status)
		status = request->batch ? print_batch(&ui->session, &plan) : show_on_screen(ui, &plan);
	top_session_close(&ui->session);
out_free:
	free(ui);
	return status;
}

#define EXPLAIN_KEY(names, help, first, second, third, function) \
	"  " names " " help "\n"

const struct command top_command = {
	.name = "top",
	.operands = "[PID]",
	.summary = "the same all the time, on the whole screen",
	.details = "Processes by their memory, or the classes of one of them, read again and again.\n"
		   "+/MIN is how fast RSS and swap together grow, TREND what they were over the\n"
		   "last 64 readings, TYPES how large it is and of what. It looks at each page only\n"
		   "where a column that is shown needs it; the first line says so, and what top\n"
		   "itself costs. Where a reading takes long, there are fewer of them.\n\n"
		   "Keys:\n" TOP_KEYS(EXPLAIN_KEY),
	.options = OPTION_TOP | OPTION_SORT | OPTION_SOURCE | OPTION_CHEAP | OPTION_FILTER,
	.min_operands = 0,
	.max_operands = 1,
	.listing = &top_process_listing,
	.run = run,
};
