/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SELFTESTS_BENCH_ROW_H
#define SELFTESTS_BENCH_ROW_H

#include <stdio.h>

/* A row of bench/run's, as JSON; @ratio is to @peer, which may be missing as @bar may. */
static inline void bench_row(const char *name, double value, const char *unit,
			     const char *peer, double ratio, double bar)
{
	printf("{\"name\": \"%s\", \"value\": %.1f, \"unit\": \"%s\"", name, value, unit);
	if (peer)
		printf(", \"peer\": \"%s\", \"ratio\": %.4f", peer, ratio);
	else
		printf(", \"peer\": null, \"ratio\": null");
	if (bar)
		printf(", \"bar\": %.4f}\n", bar);
	else
		printf(", \"bar\": null}\n");
	fflush(stdout);
}

#endif /* SELFTESTS_BENCH_ROW_H */
