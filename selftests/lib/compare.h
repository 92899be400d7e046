/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Holds what memclass says of a process against what the kernel says.
 */
#ifndef SELFTESTS_COMPARE_H
#define SELFTESTS_COMPARE_H

#include "oracle.h"
#include "reading.h"

/* Of one process, at a time when the kernel said the same before and after. */
struct comparison {
	pid_t pid;
	struct oracle oracle;
	struct reading full;
	struct reading cheap;
};

/*
 * Reads the kernel's words, memclass's, and the kernel's again, until nothing has
 * changed in between. Returns 0, -ESRCH when the process has no memory (any more),
 * -EAGAIN when it does not hold still, or another error. comparison_free() if 0.
 */
int comparison_take(struct comparison *comparison, pid_t pid,
		    const struct oracle_options *options, unsigned int tries);
void comparison_free(struct comparison *comparison);

/* Returns the number of differences, and prints the first ones unless @quiet. */
unsigned int comparison_check(const struct comparison *comparison, bool quiet);

/* The sum of a column over the mappings that lie in a range. */
struct comparison_range {
	unsigned int vmas;
	unsigned int cut;		/* mappings that reach out of the range */
	uint64_t classes;		/* a bit for each class that they have */
	uint64_t sum[ORACLE_NR_COLUMNS];
};

void comparison_range(const struct comparison *comparison, uint64_t start, uint64_t end,
		      struct comparison_range *range);

#endif /* SELFTESTS_COMPARE_H */
