/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXPORT_H
#define EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "cgroup_members.h"
#include "command.h"
#include "findings.h"
#include "history.h"
#include "ledger.h"
#include "source.h"

/*
 * All that an export has to say, and how much of it could be found out. However many
 * processes and cgroups there are, what is kept of each is a few numbers.
 */

/* X(PART, name, explanation) */
#define EXPORT_PARTS(X) \
	X(MODULE, "module", "it is loaded, and can be read") \
	X(PROCESSES, "processes", "classes, and growth") \
	X(FAULTS, "faults", "page faults") \
	X(OBJECTS, "objects", "shared memory") \
	X(CGROUPS, "cgroups", "processes by cgroup") \
	X(KERNEL, "kernel", "the kernel's own counters") \
	X(LEDGER, "ledger", "what processes and the kernel have together") \
	X(HISTORY, "history", "what former runs saw, and the next ones will")

enum export_part {
#define EXPORT_ENUM(PART, name, text)	EXPORT_##PART,
	EXPORT_PARTS(EXPORT_ENUM)
#undef EXPORT_ENUM
	NR_EXPORT_PARTS
};

/* All classes that a module can have. */
#define EXPORT_CLASSES	64

/* By the kind of objects, as memclass.h has them; of others there are none. */
struct export_objects {
	uint64_t files;
	uint64_t resident;
	uint64_t mapped;
	uint64_t swapped;
};

/* What the processes in a cgroup have, by type. */
struct export_cgroup {
	const char *path;
	uint64_t processes;
	uint64_t pss[MEMCLASS_NR_TYPES];
};

/* What reading processes cost them. */
struct export_cost {
	uint64_t walk_ns;
	uint64_t max_hold_ns;
	uint64_t lock_drops;
};

struct exported {
	bool missing[NR_EXPORT_PARTS];
	enum status status;		/* of the first part that is missing */
	struct timespec began;		/* CLOCK_MONOTONIC */

	char module_version[64];	/* "": not known */
	uint64_t processes;
	struct process sum;		/* of all; its classes are: */
	struct class_counts classes[EXPORT_CLASSES];	/* by number, up to the last */
	size_t nr_classes;
	struct export_cost cost;

	struct all_faults faults;
	struct export_objects objects[MEMCLASS_NR_OBJECT_KINDS];
	struct counters counters;	/* the kernel's; nr is 0: not read yet */
	struct ledger ledger;
	uint64_t available;		/* MemAvailable */

	struct cgroup_members members;
	struct export_cgroup *cgroups;	/* the largest first */
	size_t nr_cgroups;		/* that have processes */

	struct history history;
	struct subjects subjects;	/* the largest processes, and the machine */
	struct findings findings;
};

/* What could not be found out is missing, and was complained about. */
void export_read(struct exported *export, const struct request *request, const char *history);
void export_free(struct exported *export);

/* As text for Prometheus, with this many cgroups. */
void export_write(const struct exported *export, FILE *out, size_t cgroups);

#endif /* EXPORT_H */
