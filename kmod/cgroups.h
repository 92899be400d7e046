/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_CGROUPS_H
#define MC_CGROUPS_H

#include <linux/cgroup-defs.h>

#include "record.h"
#include "uapi/memclass.h"

/* For so many cgroups at a time all processes are looked through once. */
#define MC_CGROUPS_BATCH	32

/* The processes of a memory cgroup, without those of the cgroups below it. */
struct mc_cgroup {
	struct cgroup_subsys_state *css;	/* a reference */
	u64 inode;				/* of its directory */
	u64 parent;				/* the same, of its parent; 0: it is the root */
	unsigned long used;			/* a bit for each class that was met */
	bool faults_on;
	u32 nr_processes;
	u32 processes[MEMCLASS_NR_CLASSES];	/* that have the class */
	struct memclass_counts total;
	struct memclass_counts classes[MEMCLASS_NR_CLASSES];
	struct memclass_faults faults_total;
	struct memclass_faults faults[MEMCLASS_NR_CLASSES];
};

/* What it takes to read them. Allocated once for each open file. */
struct mc_cgroups {
	struct mc_process_reader reader;
	struct cgroup_subsys_state *last;	/* of those so far: a reference, or NULL */
	unsigned int nr;
	struct mc_cgroup batch[MC_CGROUPS_BATCH];	/* the result */
};

const char *mc_cgroups_version(void);
void mc_cgroups_start(struct mc_cgroups *cgroups);
int mc_cgroups_next(struct mc_cgroups *cgroups);

#endif /* MC_CGROUPS_H */
