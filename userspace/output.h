/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdio.h>
#include <sys/types.h>

#include "unfinished.h"

/* A file that is there when all of it is; or standard output. */
struct output {
	FILE *file;
	const char *path;		/* NULL: standard output */
	struct unfinished unfinished;
	int error;			/* of a write that failed, for who looks at that */
	mode_t mode;			/* when it is finished; 0: for its owner alone */
};

/* On success, output_close() ends what begins here. */
enum status output_open(struct output *output, const char *path);
enum status output_close(struct output *output);

#endif /* OUTPUT_H */
