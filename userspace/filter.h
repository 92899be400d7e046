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
bool filter_takes(const struct filter *filter, const struct process *process);

#endif /* FILTER_H */
