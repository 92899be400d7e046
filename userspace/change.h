/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CHANGE_H
#define CHANGE_H

#include "snapshot.h"

/*
 * What two snapshots of memory differ in, by process and class or by one of both. Pure.
 */
enum change_by {
	CHANGE_BY_PROCESS,		/* and class */
	CHANGE_BY_NAME,			/* the same after a restart, or on another machine */
	CHANGE_BY_CLASS,
};

struct change {
	pid_t pid;			/* 0: not by process */
	uint64_t start_ns;
	char comm[17];			/* "": not by process nor name */
	unsigned int class;
	bool was;			/* it was there before, and is there after */
	bool is;
	struct counts before;
	struct counts after;
};

struct changes {
	struct change *all;
	size_t count;
	size_t left_out;		/* processes whose classes one of both does not know */
};

/* Return: false when there is no memory. On success, changes_free() ends it. */
bool changes_find(struct changes *changes, const struct snapshot *before,
		  const struct snapshot *after, enum change_by by);
void changes_free(struct changes *changes);

const char *change_state(const struct change *change);

/* Of the sum of @columns; what was not there had nothing. False: it is not known. */
bool change_get(const struct change *change, uint64_t columns, uint64_t *before,
		uint64_t *after);

/* The largest change in either direction first; what does not change is left out. */
void changes_sort(struct changes *changes, uint64_t columns);

#endif /* CHANGE_H */
