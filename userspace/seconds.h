/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SECONDS_H
#define SECONDS_H

#include <stdbool.h>

/* From one sample of "watch" or "record" to the next. */
#define SAMPLE_INTERVAL_MIN	0.01

/*
 * Seconds and parts of one, as people write them: an interval or a time of at least
 * @least seconds. Leaves *@ns alone where they are none.
 */
bool seconds_parse(const char *text, double least, long long *ns);

/* The same of an option of @command, which may be missing. False: it was complained about. */
bool seconds_option(const char *command, const char *what, const char *text, double least,
		    long long *ns);

#endif /* SECONDS_H */
