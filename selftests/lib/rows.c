// SPDX-License-Identifier: GPL-2.0
#include "rows.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *fault(const char *format, ...)
{
	static char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return text;
}

/* The columns that a tier fills, a bit for each. */
static uint64_t columns_of(bool cheap)
{
	enum {
		CHEAP = 1,
		FULL = 0
	};
	uint64_t bits = 0;

#define COLUMN_BIT(field, tier, text) \
	if (tier || !cheap) \
		bits |= 1ULL << MEMCLASS_COLUMN_##field;
	MEMCLASS_COLUMNS(COLUMN_BIT)
#undef COLUMN_BIT
	return bits;
}

/* PSS is cut to whole bytes for each column by itself. */
static const char *counts_fault(const struct memclass_counts *c, bool cheap)
{
	const uint64_t page = sysconf(_SC_PAGESIZE), slack = 4;

#define WHOLE_PAGES(field) \
	if (c->field % page) \
	return fault(#field " %llu is no number of pages", \
		     (unsigned long long)c->field)
#define AT_MOST(part, whole, more) \
	if (c->part > c->whole + (more)) \
	return fault(#part " %llu is more than " #whole " %llu", \
		     (unsigned long long)c->part, (unsigned long long)c->whole)
#define EQUAL(left, right, apart) \
	if ((left) > (right) + (apart) || (right) > (left) + (apart)) \
	return fault(#left " %llu is not " #right " %llu", \
		     (unsigned long long)(left), (unsigned long long)(right))

	WHOLE_PAGES(virt);
	WHOLE_PAGES(rss);
	WHOLE_PAGES(swap);
	AT_MOST(rss, virt, 0);
	AT_MOST(zero, virt, 0);
	AT_MOST(swap_shmem, swap, 0);
	if (!c->vmas && (c->virt || c->rss || c->swap))
		return fault("memory without a mapping");
	if (cheap) {
		const struct memclass_counts zero = {
			.vmas = c->vmas,
			.virt = c->virt,
			.rss = c->rss,
			.swap = c->swap,
			.swap_shmem = c->swap_shmem,
			.zero = c->zero,
		};

		return memcmp(c, &zero, sizeof(zero)) ? fault("a full column in the cheap tier") :
							NULL;
	}
	EQUAL(c->rss, c->anon + c->file + c->shmem, 0);
	EQUAL(c->rss, c->private_clean + c->private_dirty + c->shared_clean + c->shared_dirty, 0);
	EQUAL(c->pss, c->pss_anon + c->pss_file + c->pss_shmem, slack);
	AT_MOST(pss, rss, 0);
	AT_MOST(pss_anon, anon, 0);
	AT_MOST(pss_file, file, 0);
	AT_MOST(pss_shmem, shmem, 0);
	AT_MOST(pss_dirty, pss, 0);
	AT_MOST(locked, pss, 0);
	AT_MOST(referenced, rss, 0);
	AT_MOST(cow, anon, 0);
	AT_MOST(lazyfree, anon, 0);
	AT_MOST(ksm, anon, 0);
	AT_MOST(thp_anon, anon, 0);
	AT_MOST(thp_file, file, 0);
	AT_MOST(thp_shmem, shmem, 0);
	return NULL;
#undef WHOLE_PAGES
#undef AT_MOST
#undef EQUAL
}

static const char *cost_fault(const struct memclass_cost *cost)
{
	if (!cost->slices)
		return fault("a walk without a slice");
	if (cost->lock_drops >= cost->slices)
		return fault("%u slices, but %u of them cut short", cost->slices,
			     cost->lock_drops);
	if (cost->changed >= cost->slices)
		return fault("%u slices, but %u changes between them", cost->slices,
			     cost->changed);
	if (cost->max_hold_ns > cost->walk_ns)
		return fault("held for %llu ns in a walk of %llu ns",
			     (unsigned long long)cost->max_hold_ns,
			     (unsigned long long)cost->walk_ns);
	return NULL;
}

const char *faults_total_fault(const struct memclass_record *record)
{
	struct memclass_faults sum = {};
	unsigned int class;

	for (class = 0; class < MEMCLASS_NR_CLASSES; class ++) {
#define ADD(field, text) sum.field += record->faults[class].field;
		MEMCLASS_FAULTS(ADD)
#undef ADD
	}
#define COMPARE(field, text) \
	if (sum.field != record->faults_total.field) \
		return fault("the sum of " #field " is %llu, but its total %llu", \
			     (unsigned long long)sum.field, \
			     (unsigned long long)record->faults_total.field);
	MEMCLASS_FAULTS(COMPARE)
#undef COMPARE
	return NULL;
}

const char *record_fault(const struct memclass_record *record)
{
	const bool cheap = record->flags & MEMCLASS_CHEAP;
	struct memclass_counts sum = {};
	const char *bad;
	unsigned int class;

	if (record->size != sizeof(*record) || record->abi != MEMCLASS_ABI ||
	    record->nr_classes != MEMCLASS_NR_CLASSES ||
	    record->counts_offset != offsetof(struct memclass_record, total) ||
	    record->counts_size != sizeof(struct memclass_counts))
		return fault("another format: size %u, abi %u", record->size, record->abi);
	if (!record->pid || record->pid > INT_MAX || !record->start_ns)
		return fault("pid %u started at %llu", record->pid,
			     (unsigned long long)record->start_ns);
	if (!memchr(record->comm, 0, sizeof(record->comm)))
		return fault("comm does not end");
	if (record->columns != columns_of(cheap))
		return fault("columns %llx", (unsigned long long)record->columns);
	bad = cost_fault(&record->cost);
	if (bad)
		return bad;
	for (class = 0; class < MEMCLASS_NR_CLASSES; class ++) {
		bad = counts_fault(&record->classes[class], cheap);
		if (bad)
			return bad;
#define ADD(field, tier, text) sum.field += record->classes[class].field;
		MEMCLASS_COLUMNS(ADD)
#undef ADD
	}
	bad = faults_total_fault(record) ?: counts_fault(&record->total, cheap);
	if (bad)
		return bad;
	/* PSS was cut in each class, but not in the total before it was summed. */
#define COMPARE(field, tier, text) \
	if (record->total.field < sum.field || \
	    record->total.field - sum.field > \
		    (strncmp(#field, "pss", 3) && strcmp(#field, "locked") ? 0 : \
									     MEMCLASS_NR_CLASSES)) \
		return fault("the sum of " #field " is %llu, but its total %llu", \
			     (unsigned long long)sum.field, \
			     (unsigned long long)record->total.field);
	MEMCLASS_COLUMNS(COMPARE)
#undef COMPARE
	return NULL;
}

const char *vma_fault(const struct memclass_vma *vma)
{
	const struct memclass_cost no_cost = {};
	const char *bad;

	if (vma->size != sizeof(*vma) || vma->abi != MEMCLASS_ABI ||
	    vma->counts_offset != offsetof(struct memclass_vma, counts) ||
	    vma->counts_size != sizeof(struct memclass_counts))
		return fault("another format: size %u, abi %u", vma->size, vma->abi);
	if (!vma->pid || vma->pid > INT_MAX || !vma->start_ns)
		return fault("pid %u started at %llu", vma->pid,
			     (unsigned long long)vma->start_ns);
	if (vma->class >= MEMCLASS_NR_CLASSES || vma->start >= vma->end)
		return fault("class %u from %llx to %llx", vma->class,
			     (unsigned long long)vma->start, (unsigned long long)vma->end);
	if (!memchr(vma->name, 0, sizeof(vma->name)))
		return fault("name does not end");
	if (vma->columns != columns_of(vma->flags & MEMCLASS_CHEAP))
		return fault("columns %llx", (unsigned long long)vma->columns);
	if (vma->counts.vmas != 1 || vma->counts.virt != vma->end - vma->start)
		return fault("%llu mappings, %llu bytes of %llu",
			     (unsigned long long)vma->counts.vmas,
			     (unsigned long long)vma->counts.virt,
			     (unsigned long long)(vma->end - vma->start));
	/* Only the first row of a walk has a cost. */
	bad = memcmp(&vma->cost, &no_cost, sizeof(no_cost)) ? cost_fault(&vma->cost) : NULL;
	return bad ?: counts_fault(&vma->counts, vma->flags & MEMCLASS_CHEAP);
}
