// SPDX-License-Identifier: GPL-2.0
/* Finding out what an export says: each process is read once, and each other file. */
#include "export.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counters.h"
#include "objects_source.h"
#include "say.h"

#define SECOND	1000000000ULL

/* Growth is judged over so long: a day's rise and fall is longer, most caches fill faster. */
#define WINDOW_NS	(6 * 3600 * SECOND)

/* Who was not there in half of so many samples has just begun. */
#define SAMPLES_ENOUGH	32

static void miss(struct exported *export, enum export_part part, enum status status)
{
	export->missing[part] = true;
	export->status = export->status ?: status;
}

static bool has(const struct exported *export, enum export_part part)
{
	return !export->missing[part];
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

/*
 * The processes that are watched: so many, and the largest, by whatever it is that leaks.
 */

#define WATCHED_MAX	64

struct chosen {
	size_t count;
	size_t lightest;
	struct {
		struct process process;
		double weight;
	} all[WATCHED_MAX];
};

/* Something that grows becomes large in the end; what it costs the kernel counts as well. */
static double weight_of(struct subjects *subjects, const struct process *process)
{
	static const struct {
		uint64_t columns;
		double weight;
	} weights[] = {
		{ COLUMN_BIT(rss) | COLUMN_BIT(swap), 1 },
		{ COLUMN_BIT(hugetlb_private) | COLUMN_BIT(hugetlb_shared), 1 },
		{ COLUMN_BIT(virt), 1.0 / 1024 },
		{ COLUMN_BIT(vmas), 256 },
	};
	double weight = process->page_tables + 16384.0 * process->threads;
	uint64_t value;
	size_t i;

	for (i = 0; i < sizeof(weights) / sizeof(weights[0]); i++)
		if (counts_get(&process->total, weights[i].columns, &value))
			weight += value * weights[i].weight;
	/* Of many that are alike, the same ones each time. */
	return subjects_know(subjects, process) ? 2 * weight : weight;
}

static void find_lightest(struct chosen *chosen)
{
	size_t i;

	chosen->lightest = 0;
	for (i = 1; i < chosen->count; i++)
		if (chosen->all[i].weight < chosen->all[chosen->lightest].weight)
			chosen->lightest = i;
}

/* Takes over @process. */
static void choose(struct chosen *chosen, struct subjects *subjects, struct process *process)
{
	double weight = weight_of(subjects, process);
	size_t at = chosen->count;

	/* It could not be judged. */
	if (process->classes_unknown) {
		subjects_pass(subjects, process);
		process_free(process);
		return;
	}
	if (at == WATCHED_MAX) {
		at = chosen->lightest;
		if (chosen->all[at].weight >= weight) {
			subjects_pass(subjects, process);
			process_free(process);
			return;
		}
		subjects_pass(subjects, &chosen->all[at].process);
		process_free(&chosen->all[at].process);
	} else {
		chosen->count++;
	}
	chosen->all[at].process = *process;
	chosen->all[at].weight = weight;
	if (chosen->count == WATCHED_MAX)
		find_lightest(chosen);
}

/* Ends the choice: a sample of those, if that is wanted. Return: false, out of memory. */
static bool take_chosen(struct chosen *chosen, struct subjects *subjects, bool wanted)
{
	bool taken = wanted;
	size_t i;

	for (i = 0; i < chosen->count; i++) {
		taken = taken && subjects_take(subjects, &chosen->all[i].process);
		process_free(&chosen->all[i].process);
	}
	return taken || !wanted;
}

/*
 * Sums over all processes.
 */

static enum memclass_type types[EXPORT_CLASSES];

/* What nobody knows is something other. */
static void find_types(void)
{
	unsigned int i;

	for (i = 0; i < EXPORT_CLASSES; i++)
		for (types[i] = 0; types[i] < MEMCLASS_TYPE_OTHER; types[i]++)
			if (class_has_type(i, types[i]))
				break;
}

static void begin_sums(struct exported *export)
{
	unsigned int i;

	find_types();
	counts_clear(&export->sum.total);
	export->sum.classes = export->classes;
	export->nr_classes = MEMCLASS_NR_CLASSES;
	for (i = 0; i < EXPORT_CLASSES; i++) {
		export->classes[i].class = i;
		counts_clear(&export->classes[i].counts);
	}
}

static void add_to_cgroup(struct exported *export, const struct process *process)
{
	ssize_t at = cgroup_members_find(&export->members, process->pid);
	struct export_cgroup *cgroup;
	uint64_t pss;
	size_t i;

	if (at < 0)
		return;
	cgroup = &export->cgroups[at];
	cgroup->processes++;
	for (i = 0; i < process->nr_classes && !process->shared_mm; i++)
		if (process->classes[i].class < EXPORT_CLASSES &&
		    counts_get(&process->classes[i].counts, COLUMN_BIT(pss), &pss))
			cgroup->pss[types[process->classes[i].class]] += pss;
}

static void add_classes(struct exported *export, const struct process *process)
{
	unsigned int class;
	size_t i;

	for (i = 0; i < process->nr_classes; i++) {
		class = process->classes[i].class;
		if (class >= EXPORT_CLASSES)
			continue;
		if (class >= export->nr_classes)
			export->nr_classes = class + 1;
		counts_add(&export->classes[class].counts, &process->classes[i].counts);
	}
}

static void add_cost(struct export_cost *sum, const struct cost *cost)
{
	sum->walk_ns += cost->walk_ns;
	sum->lock_drops += cost->lock_drops;
	if (cost->max_hold_ns > sum->max_hold_ns)
		sum->max_hold_ns = cost->max_hold_ns;
}

static void add_process(struct exported *export, const struct process *process)
{
	export->processes++;
	add_cost(&export->cost, &process->cost);
	add_to_cgroup(export, process);
	/* Memory that is also another process's is counted there. */
	if (process->shared_mm)
		return;
	export->sum.threads += process->threads;
	export->sum.page_tables += process->page_tables;
	counts_add(&export->sum.total, &process->total);
	add_classes(export, process);
}

static enum status read_each(struct exported *export, struct source *source,
			     struct chosen *chosen)
{
	const pid_t self = getpid();
	enum source_result result;
	struct process process;

	for (result = source_first_process(source, &process); result == SOURCE_GOT;
	     result = source_next_process(source, &process)) {
		add_process(export, &process);
		if (process.shared_mm || process.pid == self)
			process_free(&process);
		else
			choose(chosen, &export->subjects, &process);
	}
	return result == SOURCE_END ? STATUS_OK : STATUS_FAILURE;
}

/*
 * Growth: the samples of former runs, and one more.
 */

static void forget_old_points(struct subjects *subjects, uint64_t now)
{
	size_t i;

	for (i = 0; i < subjects->count && now > WINDOW_NS; i++)
		growth_forget(subjects->all[i]->growth, now - WINDOW_NS);
}

static bool load_history(struct exported *export, const char *path)
{
	struct subjects *subjects = &export->subjects;
	bool loaded = !path || history_load(path, &export->history, subjects);

	if (!subjects->machine && !subjects_add_machine(subjects))
		return false;
	return loaded;
}

static bool judge(struct exported *export, uint64_t time_ns)
{
	uint64_t samples = ++export->history.samples;

	if (samples == 1)
		export->history.begun_ns = time_ns;
	export->history.last_ns = time_ns;
	return findings_read(&export->findings, &export->subjects,
			     samples < SAMPLES_ENOUGH ? samples : SAMPLES_ENOUGH);
}

/* Once, for the machine's growth and for the ledger. Return: NULL, they are missing. */
static const struct counters *counters_of(struct exported *export)
{
	enum status status = STATUS_OK;

	if (!export->counters.nr && has(export, EXPORT_KERNEL))
		status = counters_read(&export->counters);
	if (status)
		miss(export, EXPORT_KERNEL, status);
	return has(export, EXPORT_KERNEL) ? &export->counters : NULL;
}

static void read_processes(struct exported *export, struct source *source, const char *history)
{
	uint64_t began = now_ns(CLOCK_BOOTTIME), time_ns;
	struct chosen *chosen = calloc(1, sizeof(*chosen));
	enum status status = STATUS_FAILURE;
	bool taken = false;

	begin_sums(export);
	if (!load_history(export, history))
		miss(export, EXPORT_HISTORY, STATUS_FAILURE);
	if (chosen && export->subjects.machine) {
		forget_old_points(&export->subjects, began);
		subjects_begin(&export->subjects);
		status = read_each(export, source, chosen);
		export->sum.nr_classes = export->nr_classes;
		/* In the middle: a walk over all takes a while. */
		time_ns = began + (now_ns(CLOCK_BOOTTIME) - began) / 2;
		taken = take_chosen(chosen, &export->subjects, !status) && !status &&
			subjects_end_with(&export->subjects, time_ns, counters_of(export)) &&
			judge(export, time_ns);
	}
	free(chosen);
	if (!taken)
		miss(export, EXPORT_PROCESSES, status ?: STATUS_FAILURE);
	else if (history && !history_save(history, &export->history, &export->subjects))
		miss(export, EXPORT_HISTORY, STATUS_FAILURE);
}

/*
 * All else.
 */

static void read_faults(struct exported *export, struct source *source)
{
	enum status status = STATUS_OK;

	if (source_has_faults(source))
		status = source_faults(source, &export->faults);
	if (status)
		miss(export, EXPORT_FAULTS, status);
}

static void add_object(struct exported *export, const struct object *object)
{
	static const char *const kinds[MEMCLASS_NR_OBJECT_KINDS] = {
#define NAME(kind, name, text)	name,
		MEMCLASS_OBJECT_KINDS(NAME)
#undef NAME
	};
	struct export_objects *sum;
	size_t i;

	for (i = 0; i < MEMCLASS_NR_OBJECT_KINDS; i++)
		if (!strcmp(kinds[i], object->kind))
			break;
	if (i == MEMCLASS_NR_OBJECT_KINDS)
		return;
	sum = &export->objects[i];
	sum->files += object->files;
	sum->resident += object->resident;
	sum->mapped += object->mapped;
	sum->swapped += object->swapped;
	ledger_take_object(&export->ledger, object);
}

static void read_objects(struct exported *export, const struct request *request)
{
	struct objects objects;
	enum status status;
	size_t i;

	status = objects_read(request, &objects);
	if (status) {
		miss(export, EXPORT_OBJECTS, status);
		return;
	}
	for (i = 0; i < objects.count; i++)
		add_object(export, &objects.all[i]);
	objects_free(&objects);
}

/* All processes at once: it adds up to the same. /proc does not say what pages are. */
static void take_processes(struct exported *export, const struct request *request)
{
	if (!has(export, EXPORT_PROCESSES) || !strcmp(request->source, "proc"))
		export->missing[EXPORT_LEDGER] = true;
	else if (!ledger_take(&export->ledger, &export->sum))
		miss(export, EXPORT_LEDGER, STATUS_FAILURE);
}

static void read_kernel(struct exported *export)
{
	const struct counters *counters = counters_of(export);

	if (!counters)
		return;
	ledger_end(&export->ledger, counters, has(export, EXPORT_OBJECTS));
	export->available = counters_get(counters, "MemAvailable");
}

static void read_cgroups(struct exported *export)
{
	size_t i;

	if (cgroup_members_read(&export->members))
		export->cgroups = calloc(export->members.count + 1, sizeof(*export->cgroups));
	if (!export->cgroups) {
		cgroup_members_free(&export->members);
		miss(export, EXPORT_CGROUPS, STATUS_FAILURE);
		return;
	}
	for (i = 0; i < export->members.count; i++)
		export->cgroups[i].path = export->members.paths[i];
}

static uint64_t pss_of(const struct export_cgroup *cgroup)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < MEMCLASS_NR_TYPES; i++)
		sum += cgroup->pss[i];
	return sum;
}

static int compare(const void *left, const void *right)
{
	const struct export_cgroup *a = left, *b = right;
	uint64_t pss_a = pss_of(a), pss_b = pss_of(b);

	if (!a->processes != !b->processes)
		return !a->processes - !b->processes;
	if (pss_a != pss_b)
		return pss_a < pss_b ? 1 : -1;
	return strcmp(a->path, b->path);
}

static void sort_cgroups(struct exported *export)
{
	size_t i;

	if (export->members.count)
		qsort(export->cgroups, export->members.count, sizeof(*export->cgroups), compare);
	for (i = 0; i < export->members.count; i++)
		export->nr_cgroups += !!export->cgroups[i].processes;
}

static void read_source(struct exported *export, struct source *source,
			const struct request *request, const char *history)
{
	snprintf(export->module_version, sizeof(export->module_version), "%s",
		 source_version_of_module(source));
	read_cgroups(export);
	read_processes(export, source, history);
	sort_cgroups(export);
	read_faults(export, source);
	if (strcmp(source_name(source), "proc") && objects_exist(request))
		read_objects(export, request);
	else
		export->missing[EXPORT_OBJECTS] = true;
}

/*
 * Without the module no process is read: /proc has others than who asked wait for that, and
 * costs far more. Who wants it all the same says --source=proc.
 */
void export_read(struct exported *export, const struct request *request, const char *history)
{
	struct request chosen = *request;
	struct source *source;
	enum status status;

	memset(export, 0, sizeof(*export));
	clock_gettime(CLOCK_MONOTONIC, &export->began);
	chosen.source = request->source ?: "module";
	ledger_begin(&export->ledger);
	status = source_open(&source, &chosen);
	if (status) {
		miss(export, EXPORT_MODULE, status);
		miss(export, EXPORT_PROCESSES, status);
		miss(export, EXPORT_FAULTS, status);
		miss(export, EXPORT_OBJECTS, status);
		miss(export, EXPORT_CGROUPS, status);
	} else {
		read_source(export, source, &chosen, history);
		source_close(source);
	}
	take_processes(export, &chosen);
	read_kernel(export);
}

void export_free(struct exported *export)
{
	all_faults_free(&export->faults);
	counters_free(&export->counters);
	free(export->cgroups);
	cgroup_members_free(&export->members);
	findings_free(&export->findings);
	subjects_free(&export->subjects);
}
