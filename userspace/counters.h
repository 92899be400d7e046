/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command.h"

/*
 * What the kernel itself counts of its memory, by name. Those of /proc/meminfo and
 * /proc/vmstat are called as there. What is memory is in bytes.
 */
struct counters {
	size_t nr;
	size_t room;
	struct counter {
		char name[32];
		uint64_t value;
	} *list;
};

/* Found elsewhere, hence called by names of our own. */
#define COUNTER_FREE_LISTS	"zoneinfo:count"	/* what single processors keep free */
#define COUNTER_HUGETLB_TOTAL	"hugepages:total"	/* of the pools of all sizes */
#define COUNTER_HUGETLB_FREE	"hugepages:free"
#define COUNTER_HUGETLB_RESERVED "hugepages:resv"	/* the part of free that is promised */
#define COUNTER_ZRAM		"zram:mm_stat"		/* what its devices take */

/* On success, counters_free() ends what begins here. */
enum status counters_read(struct counters *counters);

/* The same, and only those of /proc/meminfo. */
enum status counters_read_meminfo(struct counters *counters);
void counters_free(struct counters *counters);

/* For who reads them elsewhere, into what was empty. False: out of memory. */
bool counters_add(struct counters *counters, const char *name, uint64_t value);

/* Return: whether this kernel has it. */
bool counters_find(const struct counters *counters, const char *name, uint64_t *value);

/* The same; 0 where the kernel has none. */
uint64_t counters_get(const struct counters *counters, const char *name);

/* What is in none of them. The ledger, which looks at processes too, knows it better. */
uint64_t counters_residue(const struct counters *counters);

#endif /* COUNTERS_H */
