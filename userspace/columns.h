/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "memclass.h"

/* There is a bit for each: no module has more. */
#define COUNTED_MAX		64

/* Page faults are columns as well, but counted apart. */
enum fault_column {
#define ENUM(field, text)	FAULT_COLUMN_##field,
	MEMCLASS_FAULTS(ENUM)
#undef ENUM
	NR_FAULT_COLUMNS
};

/* What was counted of something: the header's columns, then those of a newer module. */
struct counts {
	uint64_t filled;		/* a bit for each column that is known */
	uint64_t values[COUNTED_MAX];
	uint64_t faults_filled;		/* the same for page faults */
	bool faults_off;		/* they are not counted, but could be */
	uint64_t faults[NR_FAULT_COLUMNS];
};

#define COLUMN_BIT(field)	(1ULL << MEMCLASS_COLUMN_##field)
#define FAULT_BIT(field)	(1ULL << FAULT_COLUMN_##field)

_Static_assert(MEMCLASS_NR_COLUMNS <= COUNTED_MAX, "a bit for each");

/*
 * Sums of columns that tables offer as well.
 * X(name, columns, explanation)
 */
#define DERIVED_COLUMNS(X) \
	X(private, COLUMN_BIT(private_clean) | COLUMN_BIT(private_dirty), \
	  "private_clean and private_dirty") \
	X(shared, COLUMN_BIT(shared_clean) | COLUMN_BIT(shared_dirty), \
	  "shared_clean and shared_dirty") \
	X(dirty, COLUMN_BIT(private_dirty) | COLUMN_BIT(shared_dirty), \
	  "private_dirty and shared_dirty") \
	X(hugetlb, COLUMN_BIT(hugetlb_private) | COLUMN_BIT(hugetlb_shared), \
	  "hugetlb_private and hugetlb_shared")

#define MINOR_FAULTS	(FAULT_BIT(minor_read) | FAULT_BIT(minor_write) | FAULT_BIT(minor_exec))
#define MAJOR_FAULTS	(FAULT_BIT(major_read) | FAULT_BIT(major_write) | FAULT_BIT(major_exec))

/*
 * The same for page faults.
 * X(name, columns, explanation)
 */
#define DERIVED_FAULTS(X) \
	X(minor, MINOR_FAULTS, "all minor faults") \
	X(major, MAJOR_FAULTS, "all major faults") \
	X(faults, MINOR_FAULTS | MAJOR_FAULTS, "all faults") \
	X(reads, FAULT_BIT(minor_read) | FAULT_BIT(major_read), "all faults to read") \
	X(writes, FAULT_BIT(minor_write) | FAULT_BIT(major_write), "all faults to write") \
	X(execs, FAULT_BIT(minor_exec) | FAULT_BIT(major_exec), "all faults to run code")

bool counts_get(const struct counts *counts, uint64_t columns, uint64_t *sum);
bool counts_get_faults(const struct counts *counts, uint64_t columns, uint64_t *sum);
void counts_clear(struct counts *sum);
void counts_add(struct counts *restrict sum, const struct counts *restrict counts);
void counts_add_faults(struct counts *restrict sum, const struct counts *restrict counts);

/* The lists of names that a module tells of itself. */
enum names {
	NAMES_CLASSES,
	NAMES_CLASS_TYPES,
	NAMES_COLUMNS,
	NR_NAMES
};

void names_learn(enum names names, const char *words);

#define CLASS_NAME_MAX	32

const char *class_name(char buffer[CLASS_NAME_MAX], unsigned int class);
const char *class_type_name(unsigned int class);
const char *newer_column_name(unsigned int column);
const char *column_name(unsigned int column);
bool class_find(const char *name, unsigned int *class);

/* MEMCLASS_NR_TYPES when it is not known. */
enum memclass_type class_type(unsigned int class);
bool class_has_type(unsigned int class, enum memclass_type type);

#endif /* COLUMNS_H */
