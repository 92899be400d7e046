/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "columns.h"
#include "command.h"
#include "counters.h"

/*
 * Where the figures come from: the module, /proc, or a capture. Nobody else knows which
 * one it is, nor the module's files; what comes out are the plain structs below.
 */
struct source;

struct cost {
	uint64_t walk_ns;
	uint64_t max_hold_ns;
	uint32_t slices;
	uint32_t lock_drops;
	uint32_t changed;
	bool unknown;			/* it was not the module that read it */
};

struct class_counts {
	unsigned int class;		/* can be one that memclass.h does not have */
	struct counts counts;
};

struct process {
	pid_t pid;
	pid_t ppid;
	uid_t uid;
	uint32_t threads;
	uint64_t start_ns;
	uint64_t read_ns;		/* both since boot */
	uint64_t page_tables;
	bool shared_mm;
	bool shared_mm_unknown;
	bool classes_unknown;		/* even which there are */
	bool cheap;
	struct cost cost;
	char comm[17];
	char user[33];			/* "": who has this uid here */
	char *cgroup;			/* of a capture; NULL: ask /proc; process_free() */
	uint64_t faults_dropped;	/* page faults of which the class is not known */
	struct counts total;
	size_t nr_classes;
	struct class_counts *classes;	/* those that are not empty; process_free() */
};

struct vma {
	pid_t pid;
	uint32_t ordinal;
	uint64_t start_ns;
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	int prot;			/* as mmap()'s */
	bool shared;
	bool cheap;
	bool name_cut;
	unsigned int class;
	struct cost cost;
	char name[MEMCLASS_NAME_MAX + 1];
	struct counts counts;
};

/*
 * FAILED has been complained about. Two are for mappings alone: NOT_PERMITTED, about which
 * it was as well; and CUT_OFF, when the process has ended, or become another program, and
 * some of them were not read.
 */
enum source_result {
	SOURCE_NOT_PERMITTED = -2,
	SOURCE_FAILED,
	SOURCE_END,
	SOURCE_GOT,
	SOURCE_CUT_OFF,
};

#define SOURCE_MODULE	"module"	/* what asks for the module and nothing else */

enum status source_open(struct source **source, const struct request *request);
enum status source_open_capture(struct source **source, const char *path);
void source_close(struct source *source);
const char *source_name(const struct source *source);
const char *source_version_of_module(const struct source *source);
bool source_is_live(const struct source *source);

/* For who asks again and again: at another tier than the request's; and not for a while. */
void source_set_cheap(struct source *source, bool cheap);
void source_rest(struct source *source);

enum source_result source_process(struct source *source, pid_t pid, struct process *process);
enum source_result source_first_process(struct source *source, struct process *process);
enum source_result source_next_process(struct source *source, struct process *process);
void process_free(struct process *process);
void source_say_why_missing(struct source *source, pid_t pid);

enum source_result source_first_vma(struct source *source, pid_t pid, struct vma *vma);
enum source_result source_next_vma(struct source *source, struct vma *vma);

/* Page faults of all processes, also those that have ended. */
struct all_faults {
	uint64_t dropped_minor;		/* of which the class is not known */
	uint64_t dropped_major;
	struct counts total;
	size_t nr_classes;
	struct class_counts *classes;	/* all; all_faults_free() */
};

/* What the kernel counts of its memory. OK has to be followed by counters_free(). */
enum status source_counters(struct source *source, struct counters *counters);

/* At least those of /proc/meminfo, which cost less. */
enum status source_meminfo(struct source *source, struct counters *counters);

bool source_has_faults(struct source *source);
enum status source_need_faults(const struct source *source);
enum status source_faults(struct source *source, struct all_faults *faults);
void all_faults_free(struct all_faults *faults);

/* No module has more to say. */
#define VERSION_MAX	16384

enum status source_version(const struct request *request, char *text, size_t size);

/* Was the module asked for, or at least nothing else? */
bool source_may_be_module(const struct request *request);

/*
 * The module's text files, by name. An older module may not have them. NULL: errno says
 * why; @path, which the caller frees, is set unless there is no memory.
 */
bool source_has_text(const struct request *request, const char *name);
FILE *source_open_text(const struct request *request, const char *name, char **path);

#endif /* SOURCE_H */
