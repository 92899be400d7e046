/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "command.h"
#include "source.h"

/* What a capture has over time: by class, of all processes and of each. */
#define TIMELINE_POINTS	240		/* more cannot be seen */
#define TIMELINE_CLASSES 64
#define TIMELINE_DRAWN	8		/* processes of which there are all points */

struct timeline_process {
	pid_t pid;
	uint64_t start_ns;
	char comm[17];
	uint64_t first;			/* bytes when it was first seen, and last */
	uint64_t last;
	size_t last_point;
	uint64_t *values;		/* by class, then by point; NULL: not drawn */
};

struct timeline {
	uint64_t column;		/* what is counted: pss, or rss */
	size_t nr_points;
	double seconds[TIMELINE_POINTS + 1];
	uint64_t begin_unix_ns;
	uint64_t end_unix_ns;
	uint64_t all[TIMELINE_CLASSES][TIMELINE_POINTS + 1];
	struct timeline_process *processes;	/* those that grew most come first */
	size_t nr_processes;
};

/* On success, timeline_free() ends what begins here. */
enum status timeline_read(struct timeline **timeline, struct source *capture);
void timeline_free(struct timeline *timeline);

uint64_t timeline_value(const struct timeline_process *process, unsigned int class,
			size_t point);

#endif /* TIMELINE_H */
