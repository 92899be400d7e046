/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "source.h"

/* All processes at one moment. */
struct snapshot {
	struct process *all;		/* in the order of their pids */
	size_t count;
	size_t hidden;			/* those whose classes are not known */
	size_t room;
};

/* On success, snapshot_free() ends what begins here. */
enum status snapshot_take(struct snapshot *snapshot, struct source *source);
void snapshot_free(struct snapshot *snapshot);

#endif /* SNAPSHOT_H */
