// SPDX-License-Identifier: GPL-2.0
#include "compare.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "classes.h"

/* Differences that are printed of one process. */
#define PRINT_MAX	20

/* What is being compared, and how it goes. */
struct check {
	const struct comparison *comparison;
	char what[96];
	unsigned int differences;
	bool quiet;
};

__attribute__((format(printf, 2, 3))) static void differs(struct check *check,
							  const char *format, ...)
{
	va_list args;

	if (check->differences++ < PRINT_MAX && !check->quiet) {
		fprintf(stderr, "# pid %d %s: ", check->comparison->pid, check->what);
		va_start(args, format);
		vfprintf(stderr, format, args);
		va_end(args);
		fputc('\n', stderr);
	}
}

#define SAME(check, name, memclass, kernel) \
	do { \
		uint64_t is = (memclass), should = (kernel); \
		if (is != should) \
			differs(check, "%s is %#lx, not %#lx", name, is, should); \
	} while (0)

/* @filled: columns that memclass says it filled. */
static void check_bounds(struct check *check, const char *oracle, const struct bounds *bounds,
			 const struct memclass_counts *counts, uint64_t filled)
{
	uint64_t columns = bounds->known & oracle_columns(filled);
	unsigned int i;

	for (i = 0; i < ORACLE_NR_COLUMNS; i++) {
		uint64_t bytes;

		if (!(columns & 1ULL << i))
			continue;
		bytes = oracle_get(counts, i);
		if (bytes >= bounds->low[i] && bytes <= bounds->high[i])
			continue;
		if (bounds->low[i] == bounds->high[i])
			differs(check, "%s is %lu, in %s it is %lu", oracle_column_name(i), bytes,
				oracle, bounds->low[i]);
		else
			differs(check, "%s is %lu, in %s it is %lu to %lu",
				oracle_column_name(i), bytes, oracle, bounds->low[i],
				bounds->high[i]);
	}
}

static uint64_t cheap_columns(void)
{
	enum {
		CHEAP = 1,
		FULL = 0
	};
	uint64_t columns = 0;

#define ADD(field, tier, text) \
	if (tier) \
		columns |= 1ULL << MEMCLASS_COLUMN_##field;
	MEMCLASS_COLUMNS(ADD)
#undef ADD
	return columns;
}

static uint64_t columns_of(bool cheap)
{
	return cheap ? cheap_columns() : (1ULL << MEMCLASS_NR_COLUMNS) - 1;
}

static void check_identity(struct check *check, const struct memclass_record *record,
			   bool cheap)
{
	const struct oracle_process *process = &check->comparison->oracle.process;
	uint64_t tick = 1000000000 / sysconf(_SC_CLK_TCK);

	SAME(check, "size", record->size, sizeof(*record));
	SAME(check, "abi", record->abi, MEMCLASS_ABI);
	SAME(check, "counts_offset", record->counts_offset,
	     offsetof(struct memclass_record, total));
	SAME(check, "counts_size", record->counts_size, sizeof(struct memclass_counts));
	SAME(check, "nr_classes", record->nr_classes, MEMCLASS_NR_CLASSES);
	SAME(check, "columns", record->columns, columns_of(cheap));
	SAME(check, "the cheap flag", !!(record->flags & MEMCLASS_CHEAP), cheap);
	SAME(check, "pid", record->pid, (uint64_t)check->comparison->pid);
	SAME(check, "ppid", record->ppid, (uint64_t)process->ppid);
	SAME(check, "uid", record->uid, process->uid);
	SAME(check, "threads", record->threads, process->threads);
	SAME(check, "start_ns in ticks", record->start_ns / tick, process->start_ticks);
	SAME(check, "page_tables", record->page_tables, process->page_tables);
	SAME(check, "changed", record->cost.changed, 0);
	if (strncmp(record->comm, process->comm, sizeof(record->comm)))
		differs(check, "comm is \"%.16s\", not \"%s\"", record->comm, process->comm);
	if (!record->cost.slices)
		differs(check, "slices is 0");
}

static void add_counts(struct memclass_counts *sum, const struct memclass_counts *counts)
{
	unsigned int i;

	for (i = 0; i < MEMCLASS_NR_COLUMNS; i++)
		*counts_at(sum, i) += counts_get(counts, i);
}

/* A whole is the sum of its parts, but for what was cut off the PSS of each. */
static void check_sum(struct check *check, const char *parts, size_t nr_parts,
		      const struct memclass_counts *whole, const struct memclass_counts *sum)
{
	unsigned int i;

	for (i = 0; i < MEMCLASS_NR_COLUMNS; i++) {
		uint64_t is = counts_get(whole, i), should = counts_get(sum, i), cut = 0;

		switch (i) {
		case MEMCLASS_COLUMN_pss:
		case MEMCLASS_COLUMN_pss_dirty:
		case MEMCLASS_COLUMN_pss_anon:
		case MEMCLASS_COLUMN_pss_file:
		case MEMCLASS_COLUMN_pss_shmem:
		case MEMCLASS_COLUMN_locked:
			cut = nr_parts;
		}
		if (is < should || is > should + cut)
			differs(check, "%s is %lu, that of the %s together %lu", column_name(i),
				is, parts, should);
	}
}

static void check_classes_sum(struct check *check, const struct memclass_record *record)
{
	struct memclass_counts sum = {};
	unsigned int class;

	for (class = 0; class < MEMCLASS_NR_CLASSES; class ++)
		add_counts(&sum, &record->classes[class]);
	check_sum(check, "classes", MEMCLASS_NR_CLASSES, &record->total, &sum);
}

/* Each class of the record against the mappings that have this class. */
static void check_classes_mappings(struct check *check, const struct reading *reading)
{
	const struct oracle *oracle = &check->comparison->oracle;
	unsigned int class;
	size_t i;

	for (class = 0; class < MEMCLASS_NR_CLASSES; class ++) {
		struct bounds sum = { .known = ~0ULL };
		struct memclass_counts rows = {};
		size_t vmas = 0;

		for (i = 0; i < oracle->nr_vmas && i < reading->nr_vmas; i++) {
			if (reading->vmas[i].class != class)
				continue;
			bounds_add(&sum, &oracle->vmas[i].smaps);
			add_counts(&rows, &reading->vmas[i].counts);
			vmas++;
		}
		/* Fractions of a byte that were cut off each mapping. */
		for (i = 0; i < ORACLE_NR_COLUMNS; i++)
			if (sum.low[i] != sum.high[i])
				sum.high[i] += vmas;
		if (!vmas)
			sum.known = columns_of(false);
		snprintf(check->what, sizeof(check->what), "class %s", class_name(class));
		check_bounds(check, "smaps", &sum, &reading->record.classes[class],
			     reading->record.columns);
		check_sum(check, "mappings", vmas, &reading->record.classes[class], &rows);
	}
}

static void check_record(struct check *check, const struct reading *reading, bool cheap)
{
	const struct memclass_record *record = &reading->record;
	const struct oracle *oracle = &check->comparison->oracle;

	snprintf(check->what, sizeof(check->what), "record%s", cheap ? " (cheap)" : "");
	check_identity(check, record, cheap);
	snprintf(check->what, sizeof(check->what), "total%s", cheap ? " (cheap)" : "");
	SAME(check, "vmas", record->total.vmas, oracle->nr_vmas);
	check_bounds(check, "smaps_rollup", &oracle->rollup, &record->total, record->columns);
	check_bounds(check, "status", &oracle->status, &record->total, record->columns);
	check_classes_sum(check, record);
	check_classes_mappings(check, reading);
}

/* A name as memclass gives it: not escaped, the end of it, and none that are made up. */
static void expected_name(const char *printed, char *name, size_t room, bool *cut)
{
	char *whole = strdup(printed), *from, *to;

	if (!strcmp(whole, "[heap]") || !strcmp(whole, "[stack]") ||
	    !strncmp(whole, "[anon:", 6))
		whole[0] = 0;
	for (from = to = whole; *from; to++) {
		if (!strncmp(from, "\\012", 4)) {
			*to = '\n';
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = 0;
	*cut = strlen(whole) >= room;
	snprintf(name, room, "%s", whole + (*cut ? strlen(whole) - (room - 1) : 0));
	free(whole);
}

static void check_name(struct check *check, const struct memclass_vma *row,
		       const struct oracle_vma *vma)
{
	char name[MEMCLASS_NAME_MAX];
	bool cut;

	expected_name(vma->name, name, sizeof(name), &cut);
	if (strncmp(row->name, name, sizeof(name)))
		differs(check, "name is \"%.*s\", not \"%s\"", MEMCLASS_NAME_MAX, row->name, name);
	SAME(check, "the flag of a cut name", !!(row->flags & MEMCLASS_NAME_CUT), cut);
}

static void check_class(struct check *check, const struct memclass_vma *row,
			const struct oracle_vma *vma)
{
	const struct comparison *comparison = check->comparison;
	uint64_t classes = classes_expected(comparison->pid, &comparison->oracle, vma);

	if (row->class >= MEMCLASS_NR_CLASSES || !(classes & 1ULL << row->class))
		differs(check, "class is %s; /proc says one of %#lx", class_name(row->class),
			classes);
}

static void check_vma(struct check *check, const struct memclass_vma *row,
		      const struct oracle_vma *vma, size_t ordinal, bool cheap)
{
	const struct comparison *comparison = check->comparison;
	const struct memclass_record *record = &comparison->full.record;

	snprintf(check->what, sizeof(check->what), "%lx-%lx %s %.40s%s", vma->start, vma->end,
		 vma->perms, vma->name, cheap ? " (cheap)" : "");
	SAME(check, "size", row->size, sizeof(*row));
	SAME(check, "abi", row->abi, MEMCLASS_ABI);
	SAME(check, "counts_offset", row->counts_offset, offsetof(struct memclass_vma, counts));
	SAME(check, "counts_size", row->counts_size, sizeof(row->counts));
	SAME(check, "columns", row->columns, columns_of(cheap));
	SAME(check, "the cheap flag", !!(row->flags & MEMCLASS_CHEAP), cheap);
	SAME(check, "the flag of a shared mm", row->flags & MEMCLASS_SHARED_MM,
	     record->flags & MEMCLASS_SHARED_MM);
	SAME(check, "pid", row->pid, (uint64_t)comparison->pid);
	SAME(check, "ordinal", row->ordinal, ordinal);
	SAME(check, "start_ns", row->start_ns, record->start_ns);
	SAME(check, "start", row->start, vma->start);
	SAME(check, "end", row->end, vma->end);
	SAME(check, "offset", row->offset, vma->offset);
	SAME(check, "inode", row->inode, vma->inode);
	SAME(check, "dev_major", row->dev_major, vma->dev_major);
	SAME(check, "dev_minor", row->dev_minor, vma->dev_minor);
	SAME(check, "prot", row->prot,
	     (vma->perms[0] == 'r' ? PROT_READ : 0) | (vma->perms[1] == 'w' ? PROT_WRITE : 0) |
		     (vma->perms[2] == 'x' ? PROT_EXEC : 0));
	SAME(check, "shared", row->shared, vma->perms[3] == 's');
	check_name(check, row, vma);
	check_class(check, row, vma);
	check_bounds(check, "smaps", &vma->smaps, &row->counts, row->columns);
	if (vma->pages)
		check_bounds(check, "pagemap", vma->pages, &row->counts, row->columns);
}

static void check_reading(struct check *check, const struct reading *reading, bool cheap)
{
	const struct oracle *oracle = &check->comparison->oracle;
	size_t i;

	check_record(check, reading, cheap);
	snprintf(check->what, sizeof(check->what), "mappings%s", cheap ? " (cheap)" : "");
	SAME(check, "their number", reading->nr_vmas, oracle->nr_vmas);
	for (i = 0; i < oracle->nr_vmas && i < reading->nr_vmas; i++)
		check_vma(check, &reading->vmas[i], &oracle->vmas[i], i, cheap);
}

unsigned int comparison_check(const struct comparison *comparison, bool quiet)
{
	struct check check = { .comparison = comparison, .quiet = quiet };

	check_reading(&check, &comparison->full, false);
	check_reading(&check, &comparison->cheap, true);
	if (check.differences > PRINT_MAX && !quiet)
		fprintf(stderr, "# pid %d: %u differences\n", comparison->pid,
			check.differences);
	return check.differences;
}

/* One try. Returns 0 when all was read, whether or not it held still. */
static int take_once(struct comparison *comparison, pid_t pid,
		     const struct oracle_options *options, struct oracle *after)
{
	int err;

	memset(comparison, 0, sizeof(*comparison));
	memset(after, 0, sizeof(*after));
	comparison->pid = pid;
	err = oracle_take(&comparison->oracle, pid, options);
	if (!err)
		err = reading_take(&comparison->full, pid, false);
	if (!err)
		err = reading_take(&comparison->cheap, pid, true);
	if (!err)
		err = oracle_take(after, pid, options);
	if (err)
		comparison_free(comparison);
	return err;
}

int comparison_take(struct comparison *comparison, pid_t pid,
		    const struct oracle_options *options, unsigned int tries)
{
	struct oracle after;
	bool still;
	int err;

	while (tries--) {
		err = take_once(comparison, pid, options, &after);
		if (err)
			return err;
		still = oracle_same(&comparison->oracle, &after);
		oracle_free(&after);
		if (still)
			return 0;
		comparison_free(comparison);
		usleep(10000);
	}
	return -EAGAIN;
}

void comparison_free(struct comparison *comparison)
{
	oracle_free(&comparison->oracle);
	reading_free(&comparison->full);
	reading_free(&comparison->cheap);
}

void comparison_range(const struct comparison *comparison, uint64_t start, uint64_t end,
		      struct comparison_range *range)
{
	unsigned int column;
	size_t i;

	memset(range, 0, sizeof(*range));
	for (i = 0; i < comparison->full.nr_vmas; i++) {
		const struct memclass_vma *vma = &comparison->full.vmas[i];

		if (vma->end <= start || vma->start >= end)
			continue;
		range->vmas++;
		range->cut += vma->start < start || vma->end > end;
		range->classes |= 1ULL << vma->class;
		for (column = 0; column < ORACLE_NR_COLUMNS; column++)
			range->sum[column] += oracle_get(&vma->counts, column);
	}
}
