/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The classic text format of Prometheus, as strict as its description: a family is in one
 * piece and begins with HELP and TYPE, names and escapes are right, no series comes twice,
 * and the last line has an end. No time stamps, which textfile collectors refuse.
 */
#ifndef SELFTESTS_CLIENT_EXPOSITION_H
#define SELFTESTS_CLIENT_EXPOSITION_H

#include <stddef.h>

struct exposition {
	char *text;			/* that the series are part of */
	size_t count;
	struct exposition_series {
		const char *series;	/* with its labels, as written */
		double value;
	} *all;
};

/* Return: what is wrong, or NULL. */
const char *exposition_parse(struct exposition *exposition, const char *text);
const char *exposition_read(struct exposition *exposition, const char *path);
void exposition_free(struct exposition *exposition);

/* Of one series, NAN when there is none; and of all of a family. */
double exposition_value(const struct exposition *exposition, const char *series);
double exposition_sum(const struct exposition *exposition, const char *family);
double exposition_count(const struct exposition *exposition, const char *family);

/* All of a file, to be freed; NULL when it cannot be read. */
char *exposition_text(const char *path);

#endif /* SELFTESTS_CLIENT_EXPOSITION_H */
