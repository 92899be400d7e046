/* SPDX-License-Identifier: GPL-2.0 */
/* What each kind of source is made of. For the files that are one, and source.c. */
#ifndef SOURCE_OPS_H
#define SOURCE_OPS_H

#include "source.h"

/* As source.h has them; those that can be NULL say so. */
struct source_ops {
	const char *name;
	enum source_result (*process)(struct source *source, pid_t pid,
				      struct process *process);
	enum source_result (*first_process)(struct source *source, struct process *process);
	enum source_result (*next_process)(struct source *source, struct process *process);
	enum source_result (*first_vma)(struct source *source, pid_t pid, struct vma *vma);
	enum source_result (*next_vma)(struct source *source, struct vma *vma);
	/* NULL: it does not know them. */
	enum status (*faults)(struct source *source, struct all_faults *faults);
	/* NULL: it does whenever its kind does. */
	bool (*has_faults)(struct source *source);
	/* NULL: those of the kernel that runs. */
	enum status (*counters)(struct source *source, struct counters *counters);
	/* NULL: it is the same for it. */
	void (*set_cheap)(struct source *source, bool cheap);
	/* NULL: nobody waits for what it has open. */
	void (*rest)(struct source *source);
	/* NULL: as pid_say_why_missing(). */
	void (*say_why_missing)(struct source *source, pid_t pid);
	/* NULL: it is alive, and now is now. */
	uint64_t (*now_ns)(struct source *source);
	void (*close)(struct source *source);
};

/* A source of any kind begins with this. */
struct source {
	const struct source_ops *ops;
	enum status no_module;		/* why it is not the module, when nobody chose it */
	char module_version[64];	/* "": it is not the module, or not known */
};

/*
 * Why the module cannot be read, when it is not there or not for this user: that is
 * not complained about, since there are other sources. Empty for all other failures,
 * which are.
 */
struct trouble {
	char text[512];
};

enum status source_module_open(struct source **source, const struct request *request,
			       struct trouble *trouble);
enum status source_module_version(const struct request *request, char *text, size_t size,
				  struct trouble *trouble);
enum status source_proc_open(struct source **source, const struct request *request);

#endif /* SOURCE_OPS_H */
