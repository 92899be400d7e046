// SPDX-License-Identifier: GPL-2.0
/* memclass maps --by WHAT: mappings that have their file, class or object in common. */
#include "maps_group.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "say.h"
#include "table.h"

struct group {
	const struct kind *kind;
	struct vma first;		/* of those in it */
	struct counts counts;
	bool mixed;			/* they are of several classes */
	bool total;			/* all of them */
};

struct groups {
	const struct kind *kind;
	void *tree;
	struct group **all;
	size_t count;
};

/*
 * The fields.
 */

static void get_class(const void *item, struct cell *cell)
{
	const struct group *group = item;
	char name[CLASS_NAME_MAX];

	if (group->total)
		cell_text(cell, "total");
	else if (group->mixed)
		cell_text(cell, "several");
	else
		cell_format(cell, "%s", class_name(name, group->first.class));
}

static void get_type(const void *item, struct cell *cell)
{
	const struct group *group = item;
	const char *type = class_type_name(group->first.class);

	if (!group->total && !group->mixed && type)
		cell_text(cell, type);
}

static bool has_object(const struct group *group)
{
	return !group->total && (group->first.inode || *group->first.name == '/');
}

static void get_dev(const void *item, struct cell *cell)
{
	const struct group *group = item;

	if (has_object(group))
		cell_format(cell, "%02x:%02x", group->first.dev_major, group->first.dev_minor);
}

static void get_inode(const void *item, struct cell *cell)
{
	const struct group *group = item;

	if (has_object(group))
		cell_number(cell, group->first.inode);
}

static void get_name(const void *item, struct cell *cell)
{
	const struct group *group = item;

	if (!group->total)
		cell_format(cell, "%s%s", group->first.name_cut ? "..." : "", group->first.name);
}

static const struct counts *get_counts(const void *item)
{
	return &((const struct group *)item)->counts;
}

static const struct field fields[] = {
	{ .name = "class", .help = "of all of them", .get = get_class, .left = true },
	{ .name = "type", .help = "how they were asked for", .get = get_type, .left = true },
	{ .name = "dev", .help = "device of the file", .get = get_dev },
	{ .name = "inode", .help = "of the file", .get = get_inode },
	{ .name = "name", .help = "file, or name", .get = get_name, .left = true, .cut = true },
	COUNTED_FIELDS
};

/*
 * What they can have in common. Those without a file or a name are one for each class.
 */

static int compare_classes(const void *left, const void *right)
{
	const struct vma *a = left, *b = right;

	return (a->class > b->class) - (a->class < b->class);
}

static int compare_files(const void *left, const void *right)
{
	const struct vma *a = left, *b = right;
	int result = strcmp(a->name, b->name);

	return result || *a->name ? result : compare_classes(a, b);
}

static int compare_objects(const void *left, const void *right)
{
	const struct vma *a = left, *b = right;

	if (a->dev_major != b->dev_major)
		return a->dev_major < b->dev_major ? -1 : 1;
	if (a->dev_minor != b->dev_minor)
		return a->dev_minor < b->dev_minor ? -1 : 1;
	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return a->inode ? 0 : compare_files(a, b);
}

static const struct kind {
	const char *name;
	int (*compare)(const void *left, const void *right);
	struct listing listing;
} kinds[] = {
#define LISTING(usual) \
	{ \
		.fields = fields, \
		.nr_fields = sizeof(fields) / sizeof(fields[0]), \
		.counts = get_counts, \
		.defaults = usual, \
	}
	{ "class", compare_classes, LISTING("class,type,vmas,virt,rss,pss,dirty,cow,swap") },
	{ "file", compare_files, LISTING("class,vmas,virt,rss,pss,dirty,cow,swap,name") },
	{ "object", compare_objects,
	  LISTING("class,dev,inode,vmas,virt,rss,pss,dirty,cow,swap,name") },
#undef LISTING
};

static const struct kind *find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

enum status groups_check(const struct request *request)
{
	const struct kind *kind = find_kind(request->by);

	if (kind)
		return listing_check(&kind->listing, request, "maps");
	say_usage("maps", "--by file, class or object, not '%s'", request->by);
	return STATUS_USAGE;
}

/*
 * Summing up.
 */

struct groups *groups_new(const struct request *request)
{
	struct groups *groups = calloc(1, sizeof(*groups));

	if (groups)
		groups->kind = find_kind(request->by);
	return groups;
}

static int compare(const void *left, const void *right)
{
	const struct group *a = left, *b = right;

	return a->kind->compare(&a->first, &b->first);
}

static struct group *add_group(struct groups *groups, const struct vma *vma)
{
	struct group *group = calloc(1, sizeof(*group)), **more;

	more = realloc(groups->all, (groups->count + 1) * sizeof(*more));
	if (more)
		groups->all = more;
	if (!group || !more) {
		free(group);
		return NULL;
	}
	group->kind = groups->kind;
	group->first = *vma;
	counts_clear(&group->counts);
	more[groups->count++] = group;
	return tsearch(group, &groups->tree, compare) ? group : NULL;
}

bool groups_add(struct groups *groups, const struct vma *vma)
{
	struct group wanted = { .kind = groups->kind, .first = *vma }, *group;
	void **found = tfind(&wanted, &groups->tree, compare);

	group = found ? *found : add_group(groups, vma);
	if (!group) {
		say_error("out of memory");
		return false;
	}
	group->mixed |= group->first.class != vma->class;
	counts_add(&group->counts, &vma->counts);
	return true;
}

static void forget(void *group)
{
	(void)group;
}

void groups_free(struct groups *groups)
{
	size_t i;

	tdestroy(groups->tree, forget);
	for (i = 0; i < groups->count; i++)
		free(groups->all[i]);
	free(groups->all);
	free(groups);
}

static uint64_t size_of(const struct group *group)
{
	uint64_t size;

	if (counts_get(&group->counts, COLUMN_BIT(pss), &size) ||
	    counts_get(&group->counts, COLUMN_BIT(rss), &size))
		return size;
	return 0;
}

static int compare_sizes(const void *left, const void *right)
{
	const struct group *a = *(struct group *const *)left, *b = *(struct group *const *)right;

	if (size_of(a) != size_of(b))
		return size_of(a) < size_of(b) ? 1 : -1;
	return compare(a, b);
}

static void sort(struct groups *groups)
{
	if (groups->count)
		qsort(groups->all, groups->count, sizeof(*groups->all), compare_sizes);
}

enum status groups_print(struct groups *groups, const struct request *request,
			 const struct counts *total)
{
	struct group all = { .kind = groups->kind, .counts = *total, .total = true };
	enum status status;
	struct table *table;
	size_t i;

	status = table_open(&table, &groups->kind->listing, request);
	if (status)
		return status;
	sort(groups);
	for (i = 0; i < groups->count; i++)
		table_row(table, groups->all[i]);
	table_row(table, &all);
	return table_close(table);
}

static void emit_group(struct json *json, const struct group *group)
{
	char name[CLASS_NAME_MAX];

	json_line(json);
	json_open_object(json, NULL);
	if (group->mixed)
		json_null(json, "class");
	else
		json_string(json, "class", class_name(name, group->first.class));
	if (group->kind->compare != compare_classes) {
		json_format(json, "dev", "%02x:%02x", group->first.dev_major,
			    group->first.dev_minor);
		json_number(json, "inode", group->first.inode);
		json_string(json, "name", group->first.name);
		json_bool(json, "name_cut", group->first.name_cut);
	}
	emit_counts(json, &group->counts);
	json_close_object(json);
}

/* Into the array that is open. */
void groups_emit(struct groups *groups, struct json *json)
{
	size_t i;

	sort(groups);
	for (i = 0; i < groups->count; i++)
		emit_group(json, groups->all[i]);
}
