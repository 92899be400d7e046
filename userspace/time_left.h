/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TIME_LEFT_H
#define TIME_LEFT_H

#include <stdbool.h>
#include <stdint.h>

#include "growth.h"
#include "headroom.h"
#include "subject.h"

/* What growth runs into first, and when. */
struct time_left {
	bool limited;
	char limit[64];
	char cgroup[256];		/* that has the limit; "": none; a long path is cut */
	uint64_t room;			/* bytes, mappings or threads */
	double seconds;			/* until it is used up at this rate */
};

/*
 * Of growth of @subject. Each limit is asked for anew: what else runs on the machine
 * takes from the same room.
 */
void time_left_find(struct time_left *left, const struct subject *subject,
		    const struct growth_finding *finding);

#endif /* TIME_LEFT_H */
