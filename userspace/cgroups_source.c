// SPDX-License-Identifier: GPL-2.0
/*
 * The module's file "cgroups": names of columns, then for each memory cgroup a row of all
 * its processes, and one for each class of memory.
 */
#include "cgroups_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "text_rows.h"

/* What a row says besides its counts. */
struct row {
	struct cgroup cgroup;
	char class[CLASS_NAME_MAX];
	struct counts counts;
};

/* Return: whether it is one of the columns that are counted. */
static bool take_counted(struct counts *counts, const char *name, const char *value)
{
	unsigned int column;

	for (column = 0; column < COUNTED_MAX; column++) {
		if (!column_name(column) || strcmp(column_name(column), name))
			continue;
		counts->values[column] = strtoull(value, NULL, 10);
		counts->filled |= 1ULL << column;
		return true;
	}
	return false;
}

static bool take_fault(struct counts *counts, const char *name, const char *value)
{
	int column = -1;

#define COMPARE(field, text) \
	if (!strcmp(name, #field)) \
		column = FAULT_COLUMN_##field;
	MEMCLASS_FAULTS(COMPARE)
#undef COMPARE
	if (column < 0)
		return false;
	if (!strcmp(value, "off")) {
		counts->faults_off = true;
	} else {
		counts->faults[column] = strtoull(value, NULL, 10);
		counts->faults_filled |= 1ULL << column;
	}
	return true;
}

static void take(void *item, const char *name, const char *value)
{
	struct row *row = item;

	if (!strcmp(name, "inode"))
		row->cgroup.inode = strtoull(value, NULL, 10);
	else if (!strcmp(name, "parent"))
		row->cgroup.parent = strtoull(value, NULL, 10);
	else if (!strcmp(name, "processes"))
		row->cgroup.processes = strtoull(value, NULL, 10);
	else if (!strcmp(name, "class"))
		snprintf(row->class, sizeof(row->class), "%s", value);
	else if (!take_counted(&row->counts, name, value))
		take_fault(&row->counts, name, value);
}

static bool add_cgroup(struct cgroups *cgroups, const struct row *row, const char *path)
{
	struct cgroup *more;

	more = realloc(cgroups->all, (cgroups->count + 1) * sizeof(*more));
	if (!more)
		return false;
	cgroups->all = more;
	more += cgroups->count++;
	*more = row->cgroup;
	more->total = row->counts;
	more->path = strdup(path);
	return more->path;
}

/* To the last cgroup: its own row comes first. A class that has no name has no row. */
static bool add_class(struct cgroups *cgroups, const struct row *row)
{
	struct cgroup *cgroup = &cgroups->all[cgroups->count - 1];
	char name[CLASS_NAME_MAX];
	struct class_counts *more;
	unsigned int number;

	more = realloc(cgroup->classes, (cgroup->nr_classes + 1) * sizeof(*more));
	if (!more)
		return false;
	cgroup->classes = more;
	for (number = 0; number < COUNTED_MAX; number++) {
		if (strcmp(class_name(name, number), row->class))
			continue;
		more += cgroup->nr_classes++;
		more->class = number;
		more->counts = row->counts;
		break;
	}
	return true;
}

static bool add(void *list, void *item, const char *path)
{
	struct cgroups *cgroups = list;
	struct row *row = item;
	bool added;

	if (!strcmp(row->class, "total"))
		added = add_cgroup(cgroups, row, path);
	else
		added = cgroups->count && add_class(cgroups, row);
	*row = (struct row) { 0 };
	return added;
}

enum status cgroups_read(const struct request *request, struct cgroups *cgroups)
{
	struct row row = { 0 };
	enum status status;

	*cgroups = (struct cgroups) { 0 };
	status = text_rows_read(request, "cgroups",
				&(struct text_rows) {
					.last = "path",
					.item = &row,
					.take = take,
					.list = cgroups,
					.add = add,
					.unsupported = "this kernel has no memory cgroups, or was booted with cgroup_disable=memory",
				});
	if (status)
		cgroups_free(cgroups);
	return status;
}

void cgroups_free(struct cgroups *cgroups)
{
	size_t i;

	for (i = 0; i < cgroups->count; i++) {
		free(cgroups->all[i].path);
		free(cgroups->all[i].classes);
	}
	free(cgroups->all);
	*cgroups = (struct cgroups) { 0 };
}
