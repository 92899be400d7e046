/* SPDX-License-Identifier: GPL-2.0 */
/* What is kept of samples. For growth.c, which judges it. */
#ifndef GROWTH_POINTS_H
#define GROWTH_POINTS_H

#include "growth.h"

/* Most figures never change: those take no memory. */
struct series {
	uint64_t first;
	uint64_t last;
	uint64_t *values;		/* NULL while all are the first; otherwise of all points */
	bool unknown;			/* at some time */
};

struct row {
	struct series series[NR_GROWTH_FIGURES];
	uint64_t faults;		/* of the last sample */
	uint64_t faults_seen;		/* since the first one */
};

struct growth {
	uint64_t seen;			/* samples, kept or not */
	uint64_t stride;		/* each such one is kept */
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t life;
	unsigned int part;		/* goes up with each restart */
	size_t count;			/* of points that are kept */
	double seconds[TREND_POINTS];
	unsigned int parts[TREND_POINTS];
	struct row rows[GROWTH_ROWS];
};

bool growth_row_is_empty(const struct row *row);

#endif /* GROWTH_POINTS_H */
