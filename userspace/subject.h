/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "growth.h"
#include "source.h"

/*
 * What is watched: processes, each by itself or all of one name together, and the
 * machine. Takes what the source says of processes, and makes samples of it.
 */

struct subject {
	pid_t pid;			/* the one that was seen last; 0: the machine */
	uint64_t start_ns;
	char comm[17];
	unsigned int processes;		/* in the last sample; 0: it has ended */
	uint64_t life;			/* who they are */
	struct growth_sample *sample;	/* the one that is being taken */
	struct growth *growth;
};

/* Pids that differ by a multiple have a bit in common. */
#define SUBJECTS_PIDS	4096

struct subjects {
	bool by_name;			/* a name is a subject, so that it survives restarts */
	bool keep_ended;
	struct subject **all;
	size_t count;
	size_t next;			/* where the next process is likely to be found */
	uint64_t pids[SUBJECTS_PIDS / 64];	/* a bit for each, of those that there are */
	struct subject *machine;	/* one of them, or NULL */
	struct source *capture;		/* where the machine's counters are, unless of now */
	size_t hidden;			/* of the sample that is being taken: not judged, */
	size_t hidden_most;		/* since their classes are not known; of all samples */
	uint64_t threads;		/* sums of the sample that is being taken */
	uint64_t vmas;
	uint64_t shmem;
	bool shmem_known;
};

/* A sample: it begins, takes in processes, and ends. False: out of memory. */
void subjects_begin(struct subjects *subjects);
bool subjects_take(struct subjects *subjects, const struct process *process);
bool subjects_end(struct subjects *subjects, uint64_t time_ns);

/* The same for who has read the kernel's counters already; NULL: they cannot be read. */
bool subjects_end_with(struct subjects *subjects, uint64_t time_ns,
		       const struct counters *counters);

/* Of a process that is not watched by itself: what it takes is not the machine's own. */
void subjects_pass(struct subjects *subjects, const struct process *process);

/* The machine is watched as well, whenever all processes are. */
bool subjects_add_machine(struct subjects *subjects);

/* Has it been watched before? */
bool subjects_know(struct subjects *subjects, const struct process *process);

/*
 * One that was watched by a former run: who it is, the caller says. Takes over @growth.
 * Return: NULL when there is no memory, which was complained about.
 */
struct subject *subjects_restore(struct subjects *subjects, struct growth *growth);

/* Is there nobody to be judged, for their classes alone? The machine can always be. */
bool subjects_all_hidden(const struct subjects *subjects);

/* Without the machine; all that are kept, and those that were there in the last sample. */
size_t subjects_seen(const struct subjects *subjects);
size_t subjects_alive(const struct subjects *subjects);
void subjects_free(struct subjects *subjects);

#endif /* SUBJECT_H */
