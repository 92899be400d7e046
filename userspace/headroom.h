/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEADROOM_H
#define HEADROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "command.h"

struct json;
struct process;

/* A limit that something can run into, and how far it has come. */
struct headroom_limit {
	const char *name;		/* as the kernel calls it */
	bool number;			/* not bytes */
	uint64_t used;
	uint64_t max;
	char *cgroup;			/* that has the limit, or NULL */
};

/* All limits that there are, those first of which the largest part is used. */
struct headroom {
	size_t nr;
	struct headroom_limit limits[16];
	bool scored;			/* what follows is known; of processes alone */
	unsigned int oom_score;
	int oom_score_adj;
};

/*
 * What /proc and the cgroup file systems say at this moment; what they do not has no
 * limit. headroom_free() ends what begins here. Of a process that has ended, or is
 * another one now, nothing is known.
 */
void headroom_of_process(struct headroom *headroom, const struct process *process);
void headroom_free(struct headroom *headroom);

uint64_t headroom_left(const struct headroom_limit *limit);

/* As lines of text. */
void headroom_print(const struct headroom *headroom, const struct request *request);

/* As a member of the open object; and the score of a process. */
void headroom_emit(struct json *json, const struct headroom *headroom);
void headroom_emit_score(struct json *json, const struct headroom *headroom);

#endif /* HEADROOM_H */
