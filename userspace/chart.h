/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CHART_H
#define CHART_H

#include <stdint.h>
#include <stdio.h>

/* Areas, one upon the other, over time: what each class has, and all together. */
struct chart {
	size_t nr_points;
	const double *seconds;		/* from the first one on */
	size_t nr_areas;
	struct chart_area {
		const char *name;
		unsigned int class;
		const uint64_t *values;	/* bytes, at each point */
	} *areas;
	unsigned int width;
	unsigned int height;
};

void chart_write(FILE *out, const struct chart *chart);
void chart_write_key(FILE *out, const struct chart *chart);

#endif /* CHART_H */
