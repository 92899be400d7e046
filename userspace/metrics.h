/* SPDX-License-Identifier: GPL-2.0 */
#ifndef METRICS_H
#define METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Writes the classic text format of Prometheus, 0.0.4:
 *
 *	metrics_family(metrics, "name", METRICS_GAUGE, "help");
 *	metrics_number(metrics, number, "label", value, NULL);
 *
 * Names and help are plain; values of labels can be anything. A label whose value is NULL
 * is left out. A family of which there is no series does not appear.
 */
struct metrics {
	FILE *out;
	size_t series;			/* that were written */
	const char *name;		/* of the family */
	const char *type;
	const char *help;		/* NULL: it was written */
};

#define METRICS_GAUGE	"gauge"
#define METRICS_COUNTER	"counter"

void metrics_family(struct metrics *metrics, const char *name, const char *type,
		    const char *help);

/* The labels are pairs of strings, and end with NULL. */
void metrics_number(struct metrics *metrics, uint64_t number, ...)
	__attribute__((sentinel));
void metrics_signed(struct metrics *metrics, int64_t number, ...) __attribute__((sentinel));
void metrics_real(struct metrics *metrics, double number, ...) __attribute__((sentinel));

#endif /* METRICS_H */
