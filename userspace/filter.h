/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FILTER_H
#define FILTER_H

#include "command.h"
#include "source.h"

/* Which processes somebody wants to see. */
struct filter {
	const char *name;		/* NULL: all */
	const char *user;
	const char *cgroup;
	int type;			/* negative: all */
};

enum status filter_parse(struct filter *filter, const struct request *request,
			 const char *command);

/* Each alone: a capture knows which cgroup it was in, else /proc is asked. */
bool filter_is_in_cgroup(const struct process *process, const char *group);
bool filter_takes(const struct filter *filter, const struct process *process);

#endif /* FILTER_H */
