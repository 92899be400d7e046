// SPDX-License-Identifier: GPL-2.0
#include "top_session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "capture.h"
#include "growth.h"
#include "say.h"
#include "top_kinds.h"

#define SECOND	1000000000ULL

/* At most this part of one processor, on average. */
#define PART_OF_TIME	4

/* More mappings are not shown, those below a size first. */
#define MAPPINGS_MAX	4096

static const struct top_kind *const kinds[NR_TOP_LEVELS] = {
	[TOP_PROCESSES] = &top_processes,
	[TOP_CLASSES] = &top_classes,
	[TOP_MAPPINGS] = &top_mappings,
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

/* Of another process or class; the order stays. */
static void begin_view(struct top_session *session, enum top_level level)
{
	struct top_model *model = &session->views[level].model;

	session->level = level;
	top_model_clear(model);
	top_model_move_to(model, 0);
	*model->filter = '\0';
}

/*
 * Which tier.
 */

static bool columns_need_pages(const struct listing *listing, const char *columns)
{
	const struct field *field;
	const char *wrong;
	bool shy;

	if (columns && *columns == '+')
		columns++;
	while ((field = listing_next(listing, &columns, &shy, &wrong)))
		if (top_needs_pages(field))
			return true;
	return false;
}

static bool needs_pages(const struct top_session *session, const struct top_view *view)
{
	if (session->request->cheap && !view->pages)
		return false;
	return view->pages || top_needs_pages(view->model.sort) ||
	       columns_need_pages(view->model.kind->listing, view->columns);
}

/*
 * Readings.
 */

static bool is_no_memory(void)
{
	say_error("out of memory");
	return false;
}

static void add_to_totals(struct top_totals *totals, const struct top_row *row)
{
	unsigned int i;

	totals->processes++;
	totals->pss |= !row->process.cheap;
	if (row->process.shared_mm)
		return;
	totals->types_unknown += row->types[0] == TOP_UNKNOWN;
	for (i = 0; i < MEMCLASS_NR_TYPES && row->types[i] != TOP_UNKNOWN; i++)
		totals->types[i] += row->types[i];
}

/* What it owns goes into the row, or is freed. */
static bool put_process(struct top_session *session, struct process *process)
{
	struct top_row *row;

	if (!filter_takes(&session->filter, process)) {
		process_free(process);
		return true;
	}
	row = top_model_put(&session->views[TOP_PROCESSES].model, process->pid,
			    process->start_ns);
	if (!row) {
		process_free(process);
		return is_no_memory();
	}
	top_row_take(row, process);
	add_to_totals(&session->totals, row);
	return true;
}

static void read_machine(struct top_session *session)
{
	struct top_totals *totals = &session->totals;
	struct counters counters;

	if (source_meminfo(session->source, &counters))
		return;
	totals->memory = counters_get(&counters, "MemTotal");
	totals->available = counters_get(&counters, "MemAvailable");
	totals->swap = counters_get(&counters, "SwapTotal");
	totals->swap_free = counters_get(&counters, "SwapFree");
	counters_free(&counters);
}

static enum status read_processes(struct top_session *session)
{
	enum source_result result;
	struct process process;

	session->totals = (struct top_totals) { 0 };
	read_machine(session);
	result = source_first_process(session->source, &process);
	while (result == SOURCE_GOT) {
		if (!put_process(session, &process))
			return STATUS_FAILURE;
		result = source_next_process(session->source, &process);
	}
	return result == SOURCE_END ? STATUS_OK : STATUS_FAILURE;
}

/* Return: false when it has ended, or another one has its pid, or on failure. */
static bool get_process(struct top_session *session, struct process *process,
			enum status *status)
{
	enum source_result result = source_process(session->source, session->process.pid, process);

	*status = result == SOURCE_FAILED ? STATUS_FAILURE : STATUS_OK;
	if (result != SOURCE_GOT)
		return false;
	if (process->start_ns == session->process.start_ns)
		return true;
	process_free(process);
	return false;
}

static const struct growth_finding *find_finding(const struct growth_finding *findings,
						 size_t count, unsigned int class)
{
	size_t i;

	for (i = 0; i < count; i++)
		if ((unsigned int)findings[i].row == class)
			return &findings[i];
	return NULL;
}

/* As 'memclass watch' would judge it. */
static void judge(struct top_session *session, struct top_model *model)
{
	struct growth_finding findings[GROWTH_ROWS];
	const struct growth_finding *finding;
	size_t count = 0, i;

	if (session->subjects.count)
		count = growth_judge(session->subjects.all[0]->growth, session->samples, findings);
	for (i = 0; i < model->nr_rows; i++) {
		finding = find_finding(findings, count, model->rows[i]->class.class);
		model->rows[i]->verdict =
			finding && finding->verdict != VERDICT_UNKNOWN ? verdicts[finding->verdict].name : "";
	}
}

static bool remember(struct top_session *session, const struct process *process,
		     uint64_t time_ns)
{
	subjects_begin(&session->subjects);
	session->samples++;
	return subjects_take(&session->subjects, process) &&
	       subjects_end(&session->subjects, time_ns);
}

static bool put_classes(struct top_session *session, const struct process *process)
{
	struct top_model *model = &session->views[TOP_CLASSES].model;
	struct top_row *row;
	size_t i;

	for (i = 0; i < process->nr_classes; i++) {
		row = top_model_put(model, process->classes[i].class, process->start_ns);
		if (!row)
			return is_no_memory();
		row->class = process->classes[i];
	}
	return true;
}

static enum status read_classes(struct top_session *session, uint64_t time_ns)
{
	struct top_model *model = &session->views[TOP_CLASSES].model;
	struct process process;
	enum status status;

	if (!get_process(session, &process, &status)) {
		session->ended = !status;
		return status;
	}
	session->ended = false;
	if (!put_classes(session, &process) || !remember(session, &process, time_ns))
		status = STATUS_FAILURE;
	judge(session, model);
	process_free(&process);
	session->process = process;
	return status;
}

/* The rest is too much for a screen, and for memory. */
static bool is_too_much(struct top_session *session, const struct top_model *model,
			const struct vma *vma)
{
	uint64_t size = vma->end - vma->start;

	if (size < session->floor) {
		session->left_out = true;
		return true;
	}
	return model->nr_rows >= MAPPINGS_MAX;
}

static bool put_mapping(struct top_session *session, const struct vma *vma)
{
	struct top_model *model = &session->views[TOP_MAPPINGS].model;
	struct top_row *row;

	if (vma->class != session->class || is_too_much(session, model, vma))
		return true;
	row = top_model_put(model, vma->start, vma->start_ns);
	if (!row)
		return is_no_memory();
	row->vma = *vma;
	return true;
}

static enum status read_mappings(struct top_session *session)
{
	struct top_model *model = &session->views[TOP_MAPPINGS].model;
	enum source_result result;
	struct vma vma;
	bool any = false;

	session->left_out = false;
	result = source_first_vma(session->source, session->process.pid, &vma);
	while (result == SOURCE_GOT && vma.pid == session->process.pid &&
	       vma.start_ns == session->process.start_ns) {
		any = true;
		if (!put_mapping(session, &vma))
			return STATUS_FAILURE;
		result = source_next_vma(session->source, &vma);
	}
	/* From the next reading on there are fewer. */
	if (model->nr_rows >= MAPPINGS_MAX)
		session->floor = session->floor ? 2 * session->floor : 8192;
	session->ended = !any || result == SOURCE_CUT_OFF;
	if (result == SOURCE_NOT_PERMITTED)
		return STATUS_NOT_PERMITTED;
	return result == SOURCE_FAILED ? STATUS_FAILURE : STATUS_OK;
}

static enum status read_level(struct top_session *session, uint64_t time_ns)
{
	switch (session->level) {
	case TOP_CLASSES:
		return read_classes(session, time_ns);
	case TOP_MAPPINGS:
		return read_mappings(session);
	default:
		return read_processes(session);
	}
}

/*
 * A process that ends while it is looked at, and a source that fails, leave what was
 * known of them on the screen.
 */
static enum status read_into_view(struct top_session *session, uint64_t time_ns)
{
	struct top_view *view = top_session_view(session);
	struct top_totals totals = session->totals;
	enum status status;
	bool done;

	view->looked = needs_pages(session, view);
	source_set_cheap(session->source, !view->looked);
	top_model_begin(&view->model, time_ns);
	status = read_level(session, time_ns);
	done = !status && !session->ended;
	if (!done)
		session->totals = totals;
	if (!(done ? top_model_end : top_model_undo)(&view->model) && !is_no_memory())
		status = STATUS_FAILURE;
	return status;
}

/*
 * Captures: all that is remembered comes from the samples before.
 */

static enum status read_sample(struct top_session *session, size_t sample)
{
	const struct capture_sample *when = capture_choose(session->source, sample);

	session->unix_ns = when->unix_ns;
	return read_into_view(session, when->boot_ns);
}

static enum status read_samples(struct top_session *session)
{
	size_t first = session->sample >= TOP_HISTORY ? session->sample - TOP_HISTORY + 1 : 0, i;
	enum status status = STATUS_OK;

	subjects_free(&session->subjects);
	memset(&session->subjects, 0, sizeof(session->subjects));
	session->samples = 0;
	top_model_clear(&top_session_view(session)->model);
	for (i = first; i <= session->sample && !status; i++)
		status = read_sample(session, i);
	return status;
}

bool top_session_step(struct top_session *session, long samples)
{
	size_t sample = session->sample + samples;

	if (!session->capture || sample >= session->nr_samples)
		return false;
	session->sample = sample;
	return true;
}

/*
 * What it costs.
 */

static uint64_t of_timeval(const struct timeval *time)
{
	return time->tv_sec * SECOND + time->tv_usec * 1000ULL;
}

/* From one reading to the next, what was shown in between included. */
static void measure(struct top_cost *cost, uint64_t began_ns)
{
	struct rusage usage;
	uint64_t used_ns;

	getrusage(RUSAGE_SELF, &usage);
	used_ns = of_timeval(&usage.ru_utime) + of_timeval(&usage.ru_stime);
	cost->processor = -1;
	if (cost->began_ns && began_ns > cost->began_ns)
		cost->processor = (double)(used_ns - cost->used_ns) / (began_ns - cost->began_ns);
	cost->began_ns = began_ns;
	cost->used_ns = used_ns;
	cost->memory = usage.ru_maxrss * 1024ULL;
}

long long top_session_pause_ns(const struct top_session *session)
{
	long long least = session->cost.reading_ns * PART_OF_TIME;

	return least > session->interval_ns ? least : session->interval_ns;
}

/*
 * The source may come back, or there may be another one.
 */
static enum status need_source(struct top_session *session)
{
	return session->source ? STATUS_OK : source_open(&session->source, session->request);
}

static void drop_source(struct top_session *session)
{
	if (!session->source || session->capture)
		return;
	source_close(session->source);
	session->source = NULL;
}

enum status top_session_read(struct top_session *session)
{
	uint64_t began_ns = now_ns(CLOCK_MONOTONIC);
	enum status status = need_source(session);

	if (status)
		return status;
	measure(&session->cost, began_ns);
	status = session->capture ? read_samples(session) :
				    read_into_view(session, now_ns(CLOCK_BOOTTIME));
	session->cost.reading_ns = now_ns(CLOCK_MONOTONIC) - began_ns;
	if (status)
		drop_source(session);
	else
		source_rest(session->source);
	return status;
}

/*
 * In and out.
 */

static void forget_process(struct top_session *session)
{
	subjects_free(&session->subjects);
	memset(&session->subjects, 0, sizeof(session->subjects));
	session->samples = 0;
	session->ended = false;
}

static void enter_process(struct top_session *session, const struct process *process)
{
	session->process = *process;
	session->process.classes = NULL;
	forget_process(session);
	session->subjects.keep_ended = true;
	begin_view(session, TOP_CLASSES);
}

static void enter_class(struct top_session *session, unsigned int class)
{
	session->class = class;
	session->floor = 0;
	begin_view(session, TOP_MAPPINGS);
}

bool top_session_enter(struct top_session *session)
{
	const struct top_row *row = top_model_chosen(&top_session_view(session)->model);

	if (!row || session->level == TOP_MAPPINGS || session->ended)
		return false;
	if (session->level == TOP_PROCESSES)
		enter_process(session, &row->process);
	else
		enter_class(session, row->class.class);
	return true;
}

enum status top_session_enter_process(struct top_session *session, pid_t pid)
{
	enum source_result result;
	struct process process;

	result = source_process(session->source, pid, &process);
	if (result == SOURCE_END)
		source_say_why_missing(session->source, pid);
	if (result != SOURCE_GOT)
		return STATUS_FAILURE;
	enter_process(session, &process);
	process_free(&process);
	return STATUS_OK;
}

bool top_session_leave(struct top_session *session)
{
	if (session->level == TOP_PROCESSES)
		return false;
	session->level--;
	if (session->level == TOP_PROCESSES)
		forget_process(session);
	return true;
}

static enum status open_capture(struct top_session *session)
{
	session->capture = !source_is_live(session->source);
	if (!session->capture)
		return STATUS_OK;
	session->nr_samples = capture_nr_samples(session->source);
	session->sample = session->nr_samples - 1;
	return STATUS_OK;
}

enum status top_session_open(struct top_session *session, const struct request *request)
{
	enum top_level level;
	enum status status;

	memset(session, 0, sizeof(*session));
	session->request = request;
	status = filter_parse(&session->filter, request, "top");
	if (!status)
		status = source_open(&session->source, request);
	if (status)
		return status;
	for (level = 0; level < NR_TOP_LEVELS; level++)
		top_model_init(&session->views[level].model, kinds[level]);
	/* Of one process alone it costs little, and says more. */
	session->views[TOP_CLASSES].pages = !request->cheap;
	session->views[TOP_MAPPINGS].pages = !request->cheap;
	session->views[TOP_PROCESSES].columns = request->columns;
	if (request->sort)
		session->views[TOP_PROCESSES].model.sort =
			listing_find(top_processes.listing, request->sort);
	return open_capture(session);
}

void top_session_close(struct top_session *session)
{
	enum top_level level;

	for (level = 0; level < NR_TOP_LEVELS; level++)
		top_model_free(&session->views[level].model);
	subjects_free(&session->subjects);
	if (session->source)
		source_close(session->source);
}
