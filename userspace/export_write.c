// SPDX-License-Identifier: GPL-2.0
/* What an export says, as families of metrics. */
#include "export.h"

#include <string.h>

#include "memclass.h"
#include "metrics.h"

/* How many leaks are named; what is above is counted. */
#define LEAKS_MAX	12

static bool has(const struct exported *export, enum export_part part)
{
	return !export->missing[part];
}

static void gauge(struct metrics *metrics, const char *name, uint64_t number, const char *help)
{
	metrics_family(metrics, name, METRICS_GAUGE, help);
	metrics_number(metrics, number, NULL);
}

static void counter(struct metrics *metrics, const char *name, uint64_t number, const char *help)
{
	metrics_family(metrics, name, METRICS_COUNTER, help);
	metrics_number(metrics, number, NULL);
}

static void real(struct metrics *metrics, const char *name, double number, const char *help)
{
	metrics_family(metrics, name, METRICS_GAUGE, help);
	metrics_real(metrics, number, NULL);
}

static void write_module(struct metrics *metrics, const struct exported *export)
{
	metrics_family(metrics, "memclass_build_info", METRICS_GAUGE,
		       "1, and which versions of client and module there are.");
	metrics_number(metrics, 1, "version", MEMCLASS_VERSION, "module_version",
		       export->module_version, NULL);
	gauge(metrics, "memclass_module_up", has(export, EXPORT_MODULE),
	      "Whether the module is loaded and could be read.");
}

/*
 * Processes.
 */

static const struct {
	const char *name;
	uint64_t columns;
	const char *help;
} class_families[] = {
	{ "memclass_class_virtual_bytes", COLUMN_BIT(virt),
	  "Address space of all processes, by class of memory." },
	{ "memclass_class_resident_bytes", COLUMN_BIT(rss),
	  "Resident memory of all processes, shared pages counted for each." },
	{ "memclass_class_pss_bytes", COLUMN_BIT(pss),
	  "Resident memory of all processes, shared pages divided among them." },
	{ "memclass_class_dirty_bytes", COLUMN_BIT(private_dirty) | COLUMN_BIT(shared_dirty),
	  "Resident memory of all processes that was written to." },
	{ "memclass_class_swap_bytes", COLUMN_BIT(swap),
	  "Memory of all processes that is swapped out." },
};

static void write_classes(struct metrics *metrics, const struct exported *export)
{
	char name[CLASS_NAME_MAX];
	uint64_t bytes;
	size_t i, j;

	for (i = 0; i < sizeof(class_families) / sizeof(class_families[0]); i++) {
		metrics_family(metrics, class_families[i].name, METRICS_GAUGE,
			       class_families[i].help);
		for (j = 0; j < export->nr_classes; j++)
			if (counts_get(&export->classes[j].counts, class_families[i].columns,
				       &bytes))
				metrics_number(metrics, bytes, "class", class_name(name, j), "type",
					       class_type_name(j), NULL);
	}
}

static void write_processes(struct metrics *metrics, const struct exported *export)
{
	uint64_t vmas;

	if (!has(export, EXPORT_PROCESSES))
		return;
	gauge(metrics, "memclass_processes", export->processes, "Processes that have memory.");
	gauge(metrics, "memclass_threads", export->sum.threads, "Their threads.");
	if (counts_get(&export->sum.total, COLUMN_BIT(vmas), &vmas))
		gauge(metrics, "memclass_mappings", vmas, "Their mappings.");
	write_classes(metrics, export);
}

/* Return: false where they are not counted. */
static bool write_faults_of(struct metrics *metrics, const struct class_counts *class,
			    uint64_t columns, const char *severity)
{
	char name[CLASS_NAME_MAX];
	uint64_t number;

	if (!counts_get_faults(&class->counts, columns, &number))
		return false;
	metrics_number(metrics, number, "class", class_name(name, class->class), "type",
		       class_type_name(class->class), "severity", severity, NULL);
	return true;
}

static void write_cow_faults(struct metrics *metrics, const struct all_faults *faults)
{
	size_t i;

	metrics_family(metrics, "memclass_cow_faults_total", METRICS_COUNTER,
		       "Page faults that copied a page of a private file mapping.");
	for (i = 0; i < faults->nr_classes; i++)
		if (class_has_type(faults->classes[i].class, MEMCLASS_TYPE_PRIVATE_FILE))
			write_faults_of(metrics, &faults->classes[i], FAULT_BIT(cow_faults), NULL);
}

static void write_faults(struct metrics *metrics, const struct exported *export)
{
	const struct all_faults *faults = &export->faults;
	bool counted = false;
	size_t i;

	if (!has(export, EXPORT_FAULTS))
		return;
	metrics_family(metrics, "memclass_page_faults_total", METRICS_COUNTER,
		       "Page faults since the module was loaded, by class of what they hit.");
	for (i = 0; i < faults->nr_classes; i++) {
		counted |= write_faults_of(metrics, &faults->classes[i], MINOR_FAULTS, "minor");
		write_faults_of(metrics, &faults->classes[i], MAJOR_FAULTS, "major");
	}
	gauge(metrics, "memclass_page_faults_counted", counted,
	      "Whether the module counts page faults.");
	if (!counted)
		return;
	write_cow_faults(metrics, faults);
	metrics_family(metrics, "memclass_page_faults_unclassified_total", METRICS_COUNTER,
		       "Page faults of which the class is not known.");
	metrics_number(metrics, faults->dropped_minor, "severity", "minor", NULL);
	metrics_number(metrics, faults->dropped_major, "severity", "major", NULL);
}

/*
 * All memory.
 */

/* Are there others below it? These come right after it. */
static bool is_sum(enum ledger_line line)
{
	return line + 1 < NR_LEDGER_LINES && ledger_depth(line + 1) > ledger_depth(line);
}

/* Without processes, what is made of the kernel's counters alone still holds. */
static bool is_known(const struct exported *export, enum ledger_line line, uint64_t *bytes)
{
	const struct ledger_row *row = &ledger_rows[line];

	*bytes = export->ledger.lines[line].bytes;
	if (has(export, EXPORT_LEDGER))
		return true;
	return *row->made_of && !strstr(row->made_of, "processes") &&
	       !strstr(row->made_of, "unmapped");
}

static void write_lines(struct metrics *metrics, const struct exported *export)
{
	enum ledger_line line;
	const char *name;
	char area[32];
	uint64_t bytes;

	metrics_family(metrics, "memclass_memory_bytes", METRICS_GAUGE,
		       "Memory by its use; together with the residue it is all of it.");
	for (line = 0; line < NR_LEDGER_LINES; line++) {
		if (is_sum(line) || !is_known(export, line, &bytes))
			continue;
		name = ledger_rows[line].name;
		snprintf(area, sizeof(area), "%.*s", (int)strcspn(name, "."), name);
		metrics_number(metrics, bytes, "area", area, "line", name, NULL);
	}
}

static void write_memory(struct metrics *metrics, const struct exported *export)
{
	const struct ledger *ledger = &export->ledger;

	if (!has(export, EXPORT_KERNEL))
		return;
	write_lines(metrics, export);
	gauge(metrics, "memclass_memory_total_bytes", ledger->total,
	      "All memory that the kernel manages.");
	gauge(metrics, "memclass_memory_available_bytes", export->available,
	      "What programs can still get without swapping, as the kernel estimates it.");
	if (has(export, EXPORT_LEDGER)) {
		metrics_family(metrics, "memclass_memory_residue_bytes", METRICS_GAUGE,
			       "Memory that is in no line: the kernel gave it out and does not count it.");
		metrics_signed(metrics, ledger->residue, NULL);
	}
	gauge(metrics, "memclass_swap_size_bytes", ledger->swap_total, "All swap.");
	gauge(metrics, "memclass_swap_free_bytes", ledger->swap_free, "Swap that is free.");
	counter(metrics, "memclass_swapped_in_bytes_total", ledger->swapped_in,
		"Memory that was swapped in.");
	counter(metrics, "memclass_swapped_out_bytes_total", ledger->swapped_out,
		"Memory that was swapped out.");
}

static const char *const object_kinds[MEMCLASS_NR_OBJECT_KINDS] = {
#define NAME(kind, name, text)	name,
	MEMCLASS_OBJECT_KINDS(NAME)
#undef NAME
};

#define OBJECT_FAMILIES(X) \
	X("memclass_objects", objects->files, \
	  "Objects of shared memory, mapped or not, by kind.") \
	X("memclass_object_resident_bytes", objects->resident, "What they have in memory.") \
	X("memclass_object_unmapped_bytes", objects->resident - objects->mapped, \
	  "The part of it that no process maps.") \
	X("memclass_object_swapped_bytes", objects->swapped, "What of them is swapped out.")

static void write_objects(struct metrics *metrics, const struct exported *export)
{
	const struct export_objects *objects;
	size_t i;

	if (!has(export, EXPORT_OBJECTS))
		return;
#define FAMILY(name, number, help) \
	metrics_family(metrics, name, METRICS_GAUGE, help); \
	for (i = 0; i < MEMCLASS_NR_OBJECT_KINDS; i++) { \
		objects = &export->objects[i]; \
		metrics_number(metrics, number, "kind", object_kinds[i], NULL); \
	}
	OBJECT_FAMILIES(FAMILY)
#undef FAMILY
}

/*
 * Cgroups: the largest ones, and the others together.
 */

static const char *const type_names[MEMCLASS_NR_TYPES] = {
#define NAME(type, name, text)	name,
	MEMCLASS_TYPES(NAME)
#undef NAME
};

static void write_rest(struct metrics *metrics, const struct exported *export, size_t shown)
{
	uint64_t rest[MEMCLASS_NR_TYPES] = { 0 };
	size_t i, type;

	for (i = shown; i < export->nr_cgroups; i++)
		for (type = 0; type < MEMCLASS_NR_TYPES; type++)
			rest[type] += export->cgroups[i].pss[type];
	gauge(metrics, "memclass_cgroups_left_out", export->nr_cgroups - shown,
	      "Cgroups with processes that are not named, since there are too many.");
	metrics_family(metrics, "memclass_cgroup_left_out_pss_bytes", METRICS_GAUGE,
		       "Resident memory of the processes in these, by type of memory.");
	for (type = 0; type < MEMCLASS_NR_TYPES; type++)
		metrics_number(metrics, rest[type], "type", type_names[type], NULL);
}

static void write_cgroups(struct metrics *metrics, const struct exported *export, size_t cgroups)
{
	size_t shown = export->nr_cgroups < cgroups ? export->nr_cgroups : cgroups, i, type;

	if (!has(export, EXPORT_CGROUPS) || !has(export, EXPORT_PROCESSES))
		return;
	gauge(metrics, "memclass_cgroups", export->nr_cgroups, "Cgroups with processes.");
	metrics_family(metrics, "memclass_cgroup_processes", METRICS_GAUGE,
		       "Processes in a cgroup, without those below it.");
	for (i = 0; i < shown; i++)
		metrics_number(metrics, export->cgroups[i].processes, "cgroup",
			       export->cgroups[i].path, NULL);
	metrics_family(metrics, "memclass_cgroup_pss_bytes", METRICS_GAUGE,
		       "Resident memory of the processes in a cgroup, by type of memory.");
	for (i = 0; i < shown; i++)
		for (type = 0; type < MEMCLASS_NR_TYPES; type++)
			metrics_number(metrics, export->cgroups[i].pss[type], "cgroup",
				       export->cgroups[i].path, "type", type_names[type], NULL);
	write_rest(metrics, export, shown);
}

/*
 * Leaks.
 */

/* Who is named: the most urgent figure of each leak, and one of many processes of a name. */
struct leaks {
	const struct finding *all[LEAKS_MAX];
	size_t count;
	size_t suspected;
};

static const char *name_of(const struct finding *finding)
{
	return finding_is_machine(finding) ? "the machine" : finding->subject->comm;
}

static bool is_alike(const struct finding *a, const struct finding *b)
{
	return a->growth.verdict == b->growth.verdict && a->growth.row == b->growth.row &&
	       finding_is_machine(a) == finding_is_machine(b) && !strcmp(name_of(a), name_of(b));
}

static bool is_among(const struct leaks *leaks, const struct finding *finding)
{
	size_t i;

	for (i = 0; i < leaks->count; i++)
		if (is_alike(leaks->all[i], finding))
			return true;
	return false;
}

static void find_leaks(struct leaks *leaks, const struct findings *findings)
{
	size_t i;

	*leaks = (struct leaks) { 0 };
	for (i = 0; i < findings->suspected; i++) {
		if (!finding_is_most_urgent(findings, i))
			continue;
		leaks->suspected++;
		if (leaks->count < LEAKS_MAX && !is_among(leaks, &findings->all[i]))
			leaks->all[leaks->count++] = &findings->all[i];
	}
}

/* The value, then what else than the leak itself it is labelled with. */
static void write_leak(struct metrics *metrics, const struct finding *finding, double number,
		       const char *label, const char *value)
{
	char name[CLASS_NAME_MAX];

	metrics_real(metrics, number, "name", name_of(finding), "class",
		     finding_name(finding, name), "verdict",
		     verdicts[finding->growth.verdict].name, label, value, NULL);
}

static const char *unit_of(const struct growth_finding *growth)
{
	if (finding_in_bytes(growth))
		return growth->figure == GROWTH_VIRT ? "address-bytes" : "bytes";
	return growth->row == GROWTH_THREADS ? "threads" : "mappings";
}

static void write_leaks(struct metrics *metrics, const struct exported *export)
{
	struct leaks leaks;
	size_t i;

	if (!has(export, EXPORT_PROCESSES))
		return;
	find_leaks(&leaks, &export->findings);
	gauge(metrics, "memclass_leaks_suspected", leaks.suspected,
	      "Leaks that are suspected, in how many processes and the machine.");
	gauge(metrics, "memclass_leaks_left_out", leaks.suspected - leaks.count,
	      "Those of them that have no series: of the same name and kind, or too many.");
	metrics_family(metrics, "memclass_leak_confidence", METRICS_GAUGE,
		       "A leak is suspected: how sure that is, from 0 to 1.");
	for (i = 0; i < leaks.count; i++)
		write_leak(metrics, leaks.all[i], leaks.all[i]->growth.trend.confidence, NULL, NULL);
	metrics_family(metrics, "memclass_leak_growth_per_second", METRICS_GAUGE,
		       "What grows by how much, in the unit.");
	for (i = 0; i < leaks.count; i++)
		write_leak(metrics, leaks.all[i], leaks.all[i]->growth.trend.per_second, "unit",
			   unit_of(&leaks.all[i]->growth));
	metrics_family(metrics, "memclass_leak_time_left_seconds", METRICS_GAUGE,
		       "Time until it runs into the nearest limit at this rate.");
	for (i = 0; i < leaks.count; i++)
		if (leaks.all[i]->left.limited)
			write_leak(metrics, leaks.all[i], leaks.all[i]->left.seconds, "limit",
				   leaks.all[i]->left.limit);
}

/*
 * The export itself.
 */

static void write_parts(struct metrics *metrics, const struct exported *export)
{
	static const char *const names[NR_EXPORT_PARTS] = {
#define NAME(PART, name, text)	[EXPORT_##PART] = name,
		EXPORT_PARTS(NAME)
#undef NAME
	};
	size_t i;

	metrics_family(metrics, "memclass_export_part_missing", METRICS_GAUGE,
		       "Whether a part of this export is missing; the log says why.");
	for (i = 0; i < NR_EXPORT_PARTS; i++)
		metrics_number(metrics, export->missing[i], "part", names[i], NULL);
}

static void write_watched(struct metrics *metrics, const struct exported *export)
{
	const struct history *history = &export->history;

	gauge(metrics, "memclass_export_watched_processes", subjects_alive(&export->subjects),
	      "Processes of which growth is judged: the largest ones.");
	gauge(metrics, "memclass_export_samples", history->samples,
	      "Samples that were taken of them, in this run and those before.");
	real(metrics, "memclass_export_watched_seconds",
	     (history->last_ns - history->begun_ns) / 1e9, "Since when there are samples.");
}

static double seconds_since(const struct timespec *began)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - began->tv_sec) + (now.tv_nsec - began->tv_nsec) / 1e9;
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void write_cost(struct metrics *metrics, const struct exported *export)
{
	gauge(metrics, "memclass_export_timestamp_seconds", time(NULL),
	      "When this export was made, since 1970.");
	real(metrics, "memclass_export_duration_seconds", seconds_since(&export->began),
	     "How long that took.");
	real(metrics, "memclass_export_cpu_seconds", cpu_seconds(),
	     "Processor time that it took, the module's included.");
	if (!has(export, EXPORT_PROCESSES))
		return;
	real(metrics, "memclass_export_walk_seconds", export->cost.walk_ns / 1e9,
	     "The part of it during which processes had their mmap lock taken for reading.");
	real(metrics, "memclass_export_longest_hold_seconds", export->cost.max_hold_ns / 1e9,
	     "The longest that one of these locks was held at a time.");
	gauge(metrics, "memclass_export_lock_drops", export->cost.lock_drops,
	      "How often one was given up early, because somebody waited for it.");
}

void export_write(const struct exported *export, FILE *out, size_t cgroups)
{
	struct metrics metrics = { .out = out };

	write_module(&metrics, export);
	write_processes(&metrics, export);
	write_faults(&metrics, export);
	write_memory(&metrics, export);
	write_objects(&metrics, export);
	write_cgroups(&metrics, export, cgroups);
	write_leaks(&metrics, export);
	if (has(export, EXPORT_PROCESSES))
		write_watched(&metrics, export);
	write_parts(&metrics, export);
	write_cost(&metrics, export);
	gauge(&metrics, "memclass_export_series", metrics.series + 1, "Series of this export.");
}
