// SPDX-License-Identifier: GPL-2.0
#include "filter.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_file.h"
#include "say.h"
#include "user.h"

static const char *const types[] = {
#define NAME(type, name, text)	name,
	MEMCLASS_TYPES(NAME)
#undef NAME
};

static int find_type(const char *name)
{
	int i;

	for (i = 0; i < MEMCLASS_NR_TYPES; i++)
		if (!strcmp(types[i], name))
			return i;
	return -1;
}

enum status filter_parse(struct filter *filter, const struct request *request,
			 const char *command)
{
	*filter = (struct filter) {
		.name = request->with_name,
		.user = request->of_user,
		.cgroup = request->in_cgroup,
		.type = request->with_type ? find_type(request->with_type) : -1,
	};
	if (request->with_type && filter->type < 0)
		say_usage(command, "there is no type '%s': 'memclass classes' has them",
			  request->with_type);
	else
		return STATUS_OK;
	return STATUS_USAGE;
}

static bool is_user(const struct process *process, const char *user)
{
	char *end;
	unsigned long uid = strtoul(user, &end, 10);

	return !strcmp(user_name(process), user) || (*user && !*end && uid == process->uid);
}

/* A capture has one path: where its memory counts. */
bool filter_is_in_cgroup(const struct process *process, const char *group)
{
	return process->cgroup ? cgroup_is_below(process->cgroup, group) :
				 cgroup_has_process(group, process->pid);
}

/* Of a process whose classes are not known it is not known either. */
static bool has_type(const struct process *process, enum memclass_type type)
{
	uint64_t value;
	size_t i;

	for (i = 0; i < process->nr_classes; i++)
		if (class_has_type(process->classes[i].class, type) &&
		    counts_get(&process->classes[i].counts, COLUMN_BIT(rss), &value) && value)
			return true;
	return false;
}

bool filter_takes(const struct filter *filter, const struct process *process)
{
	return (!filter->name || !fnmatch(filter->name, process->comm, 0)) &&
	       (!filter->user || is_user(process, filter->user)) &&
	       (filter->type < 0 || has_type(process, filter->type)) &&
	       (!filter->cgroup || filter_is_in_cgroup(process, filter->cgroup));
}
