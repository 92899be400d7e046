// SPDX-License-Identifier: GPL-2.0
/* Adding up where all memory is: what processes map, and what the kernel counts. */
#include "ledger.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "counters.h"
#include "objects_source.h"
#include "say.h"
#include "source.h"

const struct ledger_row ledger_rows[NR_LEDGER_LINES] = {
#define ROW(LINE, name, made_of, counter, held, text) \
	[LEDGER_##LINE] = { name, made_of, counter, held, text },
	LEDGER_LINES(ROW)
#undef ROW
};

unsigned int ledger_depth(enum ledger_line line)
{
	const char *at = ledger_rows[line].name;
	unsigned int depth = 0;

	while ((at = strchr(at, '.'))) {
		at++;
		depth++;
	}
	return depth;
}

const char *ledger_short_name(enum ledger_line line)
{
	const char *dot = strrchr(ledger_rows[line].name, '.');

	return dot ? dot + 1 : ledger_rows[line].name;
}

/* Is @part the line @whole, or below it? */
static bool is_part(enum ledger_line part, enum ledger_line whole)
{
	size_t length = strlen(ledger_rows[whole].name);
	const char *name = ledger_rows[part].name;

	return !strncmp(name, ledger_rows[whole].name, length) &&
	       (!name[length] || name[length] == '.');
}

/* To the line itself, and all that it is a part of. */
static void add(struct ledger *ledger, enum ledger_line line, uint64_t bytes)
{
	enum ledger_line whole;

	for (whole = 0; whole <= line; whole++)
		if (is_part(line, whole))
			ledger->lines[whole].bytes += bytes;
}

/*
 * Sums, in words: "A + B - C".
 */

#define TERM_MAX	64

/* A counter, or a line. Return: whether there is one of that name. */
static bool find_term(const struct ledger *ledger, const struct counters *counters,
		      const char *name, uint64_t *value)
{
	enum ledger_line line;

	if (counters_find(counters, name, value))
		return true;
	for (line = 0; line < NR_LEDGER_LINES; line++) {
		if (!strcmp(ledger_rows[line].name, name)) {
			*value = ledger->lines[line].bytes;
			return true;
		}
	}
	*value = 0;
	return false;
}

/* Return: whether this kernel has the first of them; those that it lacks are 0. */
static bool evaluate(const struct ledger *ledger, const struct counters *counters,
		     const char *words, int64_t *sum)
{
	char name[TERM_MAX], sign = '+';
	bool first = true, known = false, found;
	uint64_t value;
	size_t length;

	*sum = 0;
	while (*words) {
		length = strcspn(words, " ");
		snprintf(name, sizeof(name), "%.*s", (int)length, words);
		words += length;
		found = find_term(ledger, counters, name, &value);
		known |= first && found;
		first = false;
		*sum += sign == '-' ? -(int64_t)value : (int64_t)value;
		if (*words) {
			sign = words[1];
			words += strlen(" + ");
		}
	}
	return known;
}

/*
 * What processes have.
 */

/* The lines of each kind are in the order of the types. */
_Static_assert(LEDGER_ANON_OTHER - LEDGER_ANON_PRIVATE_ANON == MEMCLASS_TYPE_OTHER,
	       "a line for each type");

static const struct {
	uint64_t column;
	enum ledger_line first;		/* that of the first type */
} kinds[] = {
	{ COLUMN_BIT(pss_anon), LEDGER_ANON_PRIVATE_ANON },
	{ COLUMN_BIT(pss_file), LEDGER_FILE_PRIVATE_ANON },
	{ COLUMN_BIT(pss_shmem), LEDGER_SHMEM_PRIVATE_ANON },
};

/* A class that nobody knows is something other. */
static enum memclass_type type_of(unsigned int class)
{
	enum memclass_type type;

	for (type = 0; type < MEMCLASS_TYPE_OTHER; type++)
		if (class_has_type(class, type))
			break;
	return type;
}

static bool add_class(struct ledger *ledger, const struct class_counts *class)
{
	enum memclass_type type = type_of(class->class);
	uint64_t bytes;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!counts_get(&class->counts, kinds[i].column, &bytes)) {
			say_error("no ledger: it is not known what pages are: neither /proc nor an older module counts it");
			return false;
		}
		add(ledger, kinds[i].first + type, bytes);
	}
	return true;
}

void ledger_begin(struct ledger *ledger)
{
	memset(ledger, 0, sizeof(*ledger));
}

bool ledger_take(struct ledger *ledger, const struct process *process)
{
	uint64_t swap;
	size_t i;

	ledger->processes++;
	if (process->shared_mm)
		return true;
	for (i = 0; i < process->nr_classes; i++)
		if (!add_class(ledger, &process->classes[i]))
			return false;
	add(ledger, LEDGER_TABLES_PROCESSES, process->page_tables);
	if (counts_get(&process->total, COLUMN_BIT(swap), &swap))
		ledger->swap_processes += swap;
	return true;
}

static enum status add_processes(struct ledger *ledger, struct source *source)
{
	enum source_result result;
	struct process process;
	bool added = true;

	result = source_first_process(source, &process);
	while (result == SOURCE_GOT) {
		added = ledger_take(ledger, &process);
		process_free(&process);
		if (!added)
			break;
		result = source_next_process(source, &process);
	}
	return added && result == SOURCE_END ? STATUS_OK : STATUS_FAILURE;
}

/*
 * What nobody maps of shared memory.
 */

/* Pools of huge pages have lines of their own. */
static const struct {
	const char *kind;
	enum ledger_line line;
} object_lines[] = {
	{ "tmpfs", LEDGER_SHMEM_TMPFS },
	{ "small", LEDGER_SHMEM_TMPFS },
	{ "memfd", LEDGER_SHMEM_MEMFD },
	{ "sysv", LEDGER_SHMEM_SYSV },
	{ "shm", LEDGER_SHMEM_SHM },
	{ "driver", LEDGER_SHMEM_DRIVER },
};

void ledger_take_object(struct ledger *ledger, const struct object *object)
{
	size_t i;

	for (i = 0; i < sizeof(object_lines) / sizeof(object_lines[0]); i++)
		if (!strcmp(object_lines[i].kind, object->kind))
			add(ledger, object_lines[i].line, object->resident - object->mapped);
}

static enum status add_objects(struct ledger *ledger, const struct request *request)
{
	struct objects objects;
	enum status status;
	size_t i;

	status = objects_read(request, &objects);
	if (status)
		return status;
	for (i = 0; i < objects.count; i++)
		ledger_take_object(ledger, &objects.all[i]);
	objects_free(&objects);
	return STATUS_OK;
}

/* An older module does not tell: what they are together can be said all the same. */
static void add_unknown_objects(struct ledger *ledger, const struct counters *counters)
{
	int64_t bytes;

	evaluate(ledger, counters, ledger_rows[LEDGER_UNMAPPED_SHMEM].counter, &bytes);
	if (bytes > 0)
		add(ledger, LEDGER_SHMEM_UNKNOWN, bytes);
}

/*
 * What the kernel counts.
 */

static void add_counted(struct ledger *ledger, const struct counters *counters)
{
	enum ledger_line line;
	int64_t bytes;

	for (line = 0; line < NR_LEDGER_LINES; line++) {
		evaluate(ledger, counters, ledger_rows[line].made_of, &bytes);
		if (bytes > 0)
			add(ledger, line, bytes);
	}
	for (line = 0; line < NR_LEDGER_LINES; line++)
		ledger->lines[line].counted =
			evaluate(ledger, counters, ledger_rows[line].counter,
				 &ledger->lines[line].counter);
}

static void take_events(struct ledger *ledger, const struct counters *counters)
{
	uint64_t page = sysconf(_SC_PAGESIZE);

	ledger->swap_total = counters_get(counters, "SwapTotal");
	ledger->swap_free = counters_get(counters, "SwapFree");
	ledger->major_faults = counters_get(counters, "pgmajfault");
	ledger->minor_faults = counters_get(counters, "pgfault") - ledger->major_faults;
	ledger->swapped_in = counters_get(counters, "pswpin") * page;
	ledger->swapped_out = counters_get(counters, "pswpout") * page;
}

/* Events, which processors count each for themselves: at times more seem to be let go. */
static void take_pins(struct ledger *ledger, const struct counters *counters)
{
	uint64_t pinned, let_go;

	ledger->pinned_known = counters_find(counters, "nr_foll_pin_acquired", &pinned) &&
			       counters_find(counters, "nr_foll_pin_released", &let_go);
	if (ledger->pinned_known)
		ledger->pinned = pinned > let_go ? pinned - let_go : 0;
}

void ledger_end(struct ledger *ledger, const struct counters *counters, bool objects)
{
	enum ledger_line line;

	clock_gettime(CLOCK_MONOTONIC, &ledger->when);
	if (!objects)
		add_unknown_objects(ledger, counters);
	add_counted(ledger, counters);
	take_events(ledger, counters);
	take_pins(ledger, counters);
	ledger->total = counters_get(counters, "MemTotal");
	ledger->residue = ledger->total;
	for (line = 0; line < NR_LEDGER_LINES; line++)
		if (!ledger_depth(line))
			ledger->residue -= ledger->lines[line].bytes;
}

enum status ledger_read(struct source *source, const struct request *request,
			struct ledger *ledger)
{
	bool objects = source_is_live(source) && objects_exist(request);
	struct counters counters;
	enum status status;

	ledger_begin(ledger);
	status = add_processes(ledger, source);
	if (!status && objects)
		status = add_objects(ledger, request);
	if (!status)
		status = source_counters(source, &counters);
	if (status)
		return status;
	ledger_end(ledger, &counters, objects);
	counters_free(&counters);
	return STATUS_OK;
}
