/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MC_RECORD_H
#define MC_RECORD_H

#include <linux/limits.h>

#include "fault.h"
#include "target.h"
#include "uapi/memclass.h"
#include "walk.h"

/* What it takes to read processes. Allocated once for each open file. */
struct mc_process_reader {
	struct mc_walk walk;
	struct mc_stacks stacks;
	unsigned long used;		/* a bit for each class that was met */
	struct mc_faults faults;
	struct memclass_record record;	/* the result */
};

int mc_record_next(struct mc_process_reader *reader, pid_t pid, bool cheap);

/* Mappings that are read at a time; mmap_lock is let go in between. */
#define MC_VMA_BATCH	16

/* The same for mappings. */
struct mc_vma_reader {
	struct mc_walk walk;
	struct mc_stacks stacks;
	u64 stacks_ns;			/* when they were collected */
	struct mc_target *target;
	bool cheap;
	u32 ordinal;			/* of the next mapping */
	unsigned int max;		/* that are wanted */
	unsigned int count;
	bool complete;			/* the last one is among them */
	struct memclass_vma vmas[MC_VMA_BATCH];	/* the result */
	struct mc_stats total;		/* nobody asks for it */
	char path[PATH_MAX];
};

void mc_record_vmas_start(struct mc_vma_reader *reader, struct mc_target *target,
			  bool cheap, u32 ordinal);
int mc_record_vmas(struct mc_vma_reader *reader, struct mc_target *target,
		   unsigned int max);

#endif /* MC_RECORD_H */
