/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Directories that look like the module's, with records that it would not, or does
 * not yet, make.
 */
#ifndef SELFTESTS_CLIENT_SYNTHETIC_H
#define SELFTESTS_CLIENT_SYNTHETIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memclass.h"

/* How a module's records differ from those of memclass.h. */
struct layout {
	size_t head_more;		/* bytes of new fields */
	unsigned int nr_columns;
	unsigned int nr_classes;
	bool unnamed;			/* "version" has no names of classes and columns */
	unsigned int nr_faults;		/* columns; 0: it does not know of page faults */
	bool faults_off;
};

extern const struct layout layout_own;

struct synthetic {
	char dir[64];
	struct layout layout;
};

void synthetic_make(struct synthetic *synthetic, const struct layout *layout);
void synthetic_remove(struct synthetic *synthetic);
void synthetic_write(const struct synthetic *synthetic, const char *file, const void *data,
		     size_t size, uint64_t offset);

/*
 * A record in memory that is to be freed. With @pid, its column N of class C is
 * synthetic_value(pid, C, N), and the total is the sum; all columns are filled.
 */
unsigned char *synthetic_record(const struct layout *layout, uint32_t pid, size_t *size);
unsigned char *synthetic_vma(const struct layout *layout, uint32_t pid, uint32_t ordinal,
			     size_t *size);

/* What "version" calls them; those that memclass.h has are called as there. */
const char *synthetic_class_name(unsigned int class);
const char *synthetic_class_type(unsigned int class);
const char *synthetic_column_name(unsigned int column);

/* Mappings that one walk is said to have read: the first of them has its cost. */
#define SYNTHETIC_WALK	16

uint64_t synthetic_value(uint32_t pid, unsigned int class, unsigned int column);
uint64_t synthetic_fault(uint32_t pid, unsigned int class, unsigned int column);

/*
 * Puts one at an index. The module puts it at its pid, or MEMCLASS_VMA_INDEX(), and
 * where there is no record a read gets the next one.
 */
void synthetic_add_record(const struct synthetic *synthetic, uint64_t index, uint32_t pid);
void synthetic_add_vma(const struct synthetic *synthetic, uint64_t index, uint32_t pid,
		       uint32_t ordinal);

#endif /* SELFTESTS_CLIENT_SYNTHETIC_H */
