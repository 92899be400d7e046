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

/* What there may be only so much of. */
enum limit_of {
	LIMIT_OF_MEMORY,
	LIMIT_OF_SWAP,
	LIMIT_OF_COMMITMENT,		/* memory that is promised to somebody */
	LIMIT_OF_ADDRESSES,
	LIMIT_OF_DATA,			/* address space that is private and can be written to */
	LIMIT_OF_STACK,
	LIMIT_OF_LOCKED,
	LIMIT_OF_HUGE_PAGES,
	LIMIT_OF_MAPPINGS,
	LIMIT_OF_THREADS,
};

/* A limit that something can run into, and how far it has come. */
struct headroom_limit {
	const char *name;		/* as the kernel calls it, if it does */
	enum limit_of of;
	uint64_t used;
	uint64_t max;
	uint64_t droppable;		/* the part of used that gives way: cached files */
	char *cgroup;			/* that has the limit, or NULL */
};

/* All limits that there are, those first of which the largest part is used. */
struct headroom {
	size_t nr;
	struct headroom_limit limits[24];
	bool scored;			/* what follows is known; of processes alone */
	unsigned int oom_score;
	int oom_score_adj;
};

/*
 * What /proc and the cgroup file systems say at this moment; what they do not has no
 * limit. headroom_free() ends what begins here. Of a process that has ended, or is
 * another one now, nothing is known.
 */
void headroom_of_machine(struct headroom *headroom);
void headroom_of_process(struct headroom *headroom, const struct process *process);

/*
 * Adds a limit, and takes over the string that limit.cgroup is. Of two of the same name,
 * as cgroups have them that are in one another, the nearest is kept.
 */
void headroom_add(struct headroom *headroom, struct headroom_limit limit);

/* To what is empty, all that there is in @from. */
void headroom_copy(struct headroom *headroom, const struct headroom *from);
void headroom_sort(struct headroom *headroom);
void headroom_free(struct headroom *headroom);

/* Until the limit is met; and until nothing can be dropped either. */
uint64_t headroom_left(const struct headroom_limit *limit);
uint64_t headroom_room(const struct headroom_limit *limit);

/* Of all limits of something that which leaves least. Return: NULL when there is none. */
const struct headroom_limit *headroom_nearest(const struct headroom *headroom,
					      enum limit_of of);

/* As lines of text: headroom_text.c. */
void headroom_print(const struct headroom *headroom, const struct request *request);

/* As a member of the open object; and the score of a process. */
void headroom_emit(struct json *json, const char *key, const struct headroom *headroom);
void headroom_emit_score(struct json *json, const struct headroom *headroom);

#endif /* HEADROOM_H */
