// SPDX-License-Identifier: GPL-2.0
/* memclass cgroups [PATH]: what the processes in each memory cgroup have. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_limits.h"
#include "cgroups_source.h"
#include "command.h"
#include "emit.h"
#include "headroom.h"
#include "objects_source.h"
#include "repeat.h"
#include "say.h"
#include "table.h"
#include "text.h"
#include "units.h"

/* A cgroup, and what is known of it from elsewhere than its processes. */
struct row {
	const struct cgroup *cgroup;
	struct row *parent;		/* NULL: the root, or not in the list */
	unsigned int depth;
	uint64_t processes;		/* with --tree also of those below; so are the next */
	struct counts total;
	struct class_counts *classes;
	size_t nr_classes;
	uint64_t objects;		/* resident, of those that are charged to it */
	uint64_t unmapped;		/* the part that no page table maps */
	uint64_t objects_swapped;
	struct cgroup_limits limits;	/* its own */
	struct headroom headroom;	/* and those of all above it, and of the machine */
	bool tree;			/* the name is shown indented */
	const struct class_counts *class;	/* of this one alone, or NULL */
};

static const struct row *row_of(const void *item)
{
	return item;
}

static void get_cgroup(const void *item, struct cell *cell)
{
	const struct row *row = row_of(item);
	const char *name = strrchr(row->cgroup->path, '/');

	if (row->tree && row->depth)
		cell_format(cell, "%*s%s", 2 * row->depth, "", name ? name + 1 : "");
	else
		cell_text(cell, row->cgroup->path);
}

static void get_processes(const void *item, struct cell *cell)
{
	cell_number(cell, row_of(item)->processes);
}

static void get_objects(const void *item, struct cell *cell)
{
	cell_bytes(cell, row_of(item)->objects);
}

static void get_unmapped(const void *item, struct cell *cell)
{
	cell_bytes(cell, row_of(item)->unmapped);
}

/*
 * Figures of the cgroup file system. What v1 calls swap is memory and swap together: that
 * is none of these.
 */

static struct figure current_of(const struct row *row)
{
	const struct cgroup_limits *limits = &row->limits;

	/* v2's root has none of its files; v1's has all. */
	return limits->of[CGROUP_V1_MEMORY].used.known ? limits->of[CGROUP_V1_MEMORY].used :
							 limits->of[CGROUP_MEMORY_MAX].used;
}

static struct figure limit_of(const struct row *row)
{
	const struct cgroup_limits *limits = &row->limits;

	return limits->of[CGROUP_V1_MEMORY].used.known ? limits->of[CGROUP_V1_MEMORY].max :
							 limits->of[CGROUP_MEMORY_MAX].max;
}

static struct figure high_of(const struct row *row)
{
	return row->limits.of[CGROUP_MEMORY_HIGH].max;
}

static struct figure swap_current_of(const struct row *row)
{
	return row->limits.of[CGROUP_SWAP_MAX].used;
}

static struct figure swap_limit_of(const struct row *row)
{
	return row->limits.of[CGROUP_SWAP_MAX].max;
}

static struct figure headroom_of(const struct row *row)
{
	const struct headroom_limit *nearest = headroom_nearest(&row->headroom, LIMIT_OF_MEMORY);
	struct figure figure = { 0 };

	if (nearest)
		figure = (struct figure) { true, headroom_left(nearest) };
	return figure;
}

#define GET_FIGURE(name) \
	static void get_##name(const void *item, struct cell *cell) \
	{ \
		const struct figure figure = name##_of(item); \
\
		cell_bytes(cell, figure.value); \
		if (!figure.known) \
			cell->kind = CELL_UNKNOWN; \
	}
GET_FIGURE(current)
GET_FIGURE(limit)
GET_FIGURE(high)
GET_FIGURE(headroom)
GET_FIGURE(swap_current)
GET_FIGURE(swap_limit)

static void get_nearest(const void *item, struct cell *cell)
{
	const struct headroom_limit *nearest =
		headroom_nearest(&row_of(item)->headroom, LIMIT_OF_MEMORY);

	if (nearest)
		cell_text(cell, nearest->name);
}

/* Of a cgroup by classes. */
static void get_class(const void *item, struct cell *cell)
{
	const struct class_counts *class = row_of(item)->class;
	char name[CLASS_NAME_MAX];

	cell_format(cell, "%s", class ? class_name(name, class->class) : "total");
}

static void get_type(const void *item, struct cell *cell)
{
	const struct class_counts *class = row_of(item)->class;

	if (class && class_type_name(class->class))
		cell_text(cell, class_type_name(class->class));
}

static const struct counts *get_counts(const void *item)
{
	const struct row *row = item;

	return row->class ? &row->class->counts : &row->total;
}

static const struct field fields[] = {
	{ .name = "cgroup", .help = "path", .get = get_cgroup, .left = true },
	{ .name = "processes", .heading = "PROCS", .help = "in it", .get = get_processes },
	{ .name = "current", .help = "charged to it and those below", .get = get_current },
	{ .name = "limit", .help = "memory.max", .get = get_limit },
	{ .name = "high", .help = "memory.high", .get = get_high },
	{
		.name = "headroom",
		.help = "left to the nearest limit of memory, its own or one above",
		.get = get_headroom,
	},
	{ .name = "nearest", .help = "which limit that is", .get = get_nearest, .left = true },
	{ .name = "swap-current", .help = "swap charged", .get = get_swap_current },
	{ .name = "swap-limit", .help = "memory.swap.max", .get = get_swap_limit },
	{ .name = "objects", .help = "shared memory charged to it", .get = get_objects },
	{ .name = "unmapped", .help = "of that, what nobody maps", .get = get_unmapped },
	{ .name = "class", .help = "with PATH: finer kind of memory", .get = get_class, .left = true },
	{ .name = "type", .help = "with PATH: how it was asked for", .get = get_type, .left = true },
	COUNTED_FIELDS FAULT_FIELDS
};

static const struct listing cgroups_listing = {
	.fields = fields,
	.nr_fields = sizeof(fields) / sizeof(fields[0]),
	.counts = get_counts,
	.defaults = "processes,pss,private,swap,unmapped,minor,major,current,limit,headroom,cgroup",
};

/* What is shown of one cgroup, by classes, unless columns are asked for. */
#define CLASS_DEFAULTS	"class,type,vmas,rss,pss,private,shared,dirty,cow,swap,hugetlb?,minor,major"

/*
 * All of them.
 */

struct list {
	struct cgroups cgroups;
	struct objects objects;
	struct row *rows;		/* in their order */
	const void **shown;		/* pointers to some */
	size_t nr_shown;
};

static struct row *find_row(struct list *list, uint64_t inode)
{
	size_t i;

	for (i = 0; inode && i < list->cgroups.count; i++)
		if (list->cgroups.all[i].inode == inode)
			return &list->rows[i];
	return NULL;
}

static bool copy_classes(struct row *row, const struct cgroup *cgroup)
{
	row->classes = calloc(cgroup->nr_classes + 1, sizeof(*row->classes));
	if (!row->classes)
		return false;
	if (cgroup->nr_classes)
		memcpy(row->classes, cgroup->classes, cgroup->nr_classes * sizeof(*row->classes));
	row->nr_classes = cgroup->nr_classes;
	return true;
}

/* Parents come first, and have the limits of their own parents. */
static void read_limits(struct row *row, const struct headroom *machine)
{
	struct cgroup_place place;

	headroom_copy(&row->headroom, row->parent ? &row->parent->headroom : machine);
	if (!cgroup_place_of_path(&place, row->cgroup->path))
		return;
	cgroup_limits_read(&row->limits, &place, place.path);
	cgroup_limits_add(&row->limits, place.path, &row->headroom);
	headroom_sort(&row->headroom);
	cgroup_place_free(&place);
}

static bool make_rows(struct list *list, const struct request *request)
{
	struct headroom machine;
	bool made = true;
	size_t i;

	list->rows = calloc(list->cgroups.count + 1, sizeof(*list->rows));
	list->shown = calloc(list->cgroups.count + 1, sizeof(*list->shown));
	if (!list->rows || !list->shown)
		return false;
	headroom_of_machine(&machine);
	for (i = 0; made && i < list->cgroups.count; i++) {
		struct row *row = &list->rows[i];

		row->cgroup = &list->cgroups.all[i];
		row->parent = find_row(list, row->cgroup->parent);
		row->depth = row->parent ? row->parent->depth + 1 : 0;
		row->processes = row->cgroup->processes;
		row->total = row->cgroup->total;
		row->tree = request->tree;
		read_limits(row, &machine);
		made = copy_classes(row, row->cgroup);
	}
	headroom_free(&machine);
	return made;
}

static void add_objects(struct list *list)
{
	const struct object *object = list->objects.all, *end = object + list->objects.count;
	struct row *row;

	for (; object < end; object++) {
		row = find_row(list, object->cgroup);
		if (!row)
			continue;
		row->objects += object->resident;
		row->unmapped += object->resident - object->mapped;
		row->objects_swapped += object->swapped;
	}
}

static struct class_counts *find_class(struct row *row, unsigned int class)
{
	struct class_counts *more;
	size_t i;

	for (i = 0; i < row->nr_classes; i++)
		if (row->classes[i].class == class)
			return &row->classes[i];
	more = realloc(row->classes, (row->nr_classes + 1) * sizeof(*more));
	if (!more)
		return NULL;
	row->classes = more;
	more += row->nr_classes++;
	more->class = class;
	counts_clear(&more->counts);
	return more;
}

static bool add_to_parent(struct row *row)
{
	struct row *parent = row->parent;
	struct class_counts *sum;
	size_t i;

	parent->processes += row->processes;
	parent->objects += row->objects;
	parent->unmapped += row->unmapped;
	parent->objects_swapped += row->objects_swapped;
	counts_add(&parent->total, &row->total);
	for (i = 0; i < row->nr_classes; i++) {
		sum = find_class(parent, row->classes[i].class);
		if (!sum)
			return false;
		counts_add(&sum->counts, &row->classes[i].counts);
	}
	return true;
}

/* Children come after their parents: from the end on, each is complete when it is added. */
static bool sum_up(struct list *list)
{
	size_t i;

	for (i = list->cgroups.count; i-- > 0;)
		if (list->rows[i].parent && !add_to_parent(&list->rows[i]))
			return false;
	return true;
}

static enum status list_make(struct list *list, const struct request *request)
{
	enum status status = cgroups_read(request, &list->cgroups);

	if (!status)
		status = objects_read(request, &list->objects);
	if (status)
		return status;
	if (make_rows(list, request)) {
		add_objects(list);
		if (!request->tree || sum_up(list))
			return STATUS_OK;
	}
	say_error("out of memory");
	return STATUS_FAILURE;
}

static void list_free(struct list *list)
{
	size_t i;

	for (i = 0; list->rows && i < list->cgroups.count; i++) {
		free(list->rows[i].classes);
		headroom_free(&list->rows[i].headroom);
	}
	free(list->rows);
	free(list->shown);
	cgroups_free(&list->cgroups);
	objects_free(&list->objects);
}

/*
 * Which of them are asked for.
 */

/* With or without slashes around it, or as a directory of the file system. */
static bool is_path(const struct cgroup *cgroup, const char *wanted)
{
	size_t length = strlen(wanted);
	const char *path = cgroup->path;

	while (length && wanted[length - 1] == '/')
		length--;
	path += *path == '/' && *wanted != '/';
	if (!strncmp(path, wanted, length) && !path[length])
		return true;
	return !length && !strcmp(path, "/");
}

static bool is_below(const struct row *row, const struct row *top)
{
	for (; row; row = row->parent)
		if (row == top)
			return true;
	return false;
}

static const struct row *find_path(const struct list *list, const char *path)
{
	size_t i;

	path = cgroup_without_mount(path);
	for (i = 0; i < list->cgroups.count; i++)
		if (is_path(&list->cgroups.all[i], path))
			return &list->rows[i];
	say_error("there is no memory cgroup '%s'", path);
	return NULL;
}

static void choose(struct list *list, const struct row *top, const struct request *request)
{
	size_t i;

	for (i = 0; i < list->cgroups.count; i++)
		if (!top || &list->rows[i] == top ||
		    (request->tree && is_below(&list->rows[i], top)))
			list->shown[list->nr_shown++] = &list->rows[i];
	if (request->sort)
		listing_sort(&cgroups_listing, listing_find(&cgroups_listing, request->sort),
			     list->shown, list->nr_shown);
}

/*
 * Output.
 */

static enum status print_table(const struct list *list, const struct request *request)
{
	enum status status;
	struct table *table;
	size_t i;

	status = table_open(&table, &cgroups_listing, request);
	if (status)
		return status;
	for (i = 0; i < list->nr_shown; i++)
		table_row(table, list->shown[i]);
	return table_close(table);
}

static void print_figure(const char *what, struct figure figure)
{
	char bytes[UNITS_MAX];

	if (figure.known)
		printf("; %s %s", what, units_bytes(bytes, figure.value));
}

static void print_notes(const struct row *row)
{
	char path[TEXT_ESCAPED(4096)], resident[UNITS_MAX], unmapped[UNITS_MAX];

	printf("%s: %" PRIu64 " processes",
	       text_escape(path, sizeof(path), row->cgroup->path), row->processes);
	print_figure("charged", current_of(row));
	print_figure("limit", limit_of(row));
	print_figure("headroom", headroom_of(row));
	print_figure("swap", swap_current_of(row));
	printf("\nshared memory charged to it: %s, of which nobody maps %s\n",
	       units_bytes(resident, row->objects), units_bytes(unmapped, row->unmapped));
}

/* One of them, by classes. */
static enum status print_classes(const struct row *cgroup, const struct request *request)
{
	struct request with_classes = *request;
	struct row row = *cgroup;
	enum status status;
	struct table *table;
	size_t i;

	if (!request->columns)
		with_classes.columns = CLASS_DEFAULTS;
	status = table_open(&table, &cgroups_listing, &with_classes);
	if (status)
		return status;
	if (!request->raw && !request->no_headings)
		print_notes(cgroup);
	for (i = 0; i < row.nr_classes; i++) {
		row.class = &row.classes[i];
		table_row(table, &row);
	}
	row.class = NULL;
	table_row(table, &row);
	status = table_close(table);
	if (!request->raw && !request->no_headings)
		headroom_print(&cgroup->headroom, request);
	return status;
}

static void emit_figure(struct json *json, const char *key, struct figure figure)
{
	if (figure.known)
		json_number(json, key, figure.value);
	else
		json_null(json, key);
}

static void emit_row(struct json *json, const struct row *row)
{
	json_line(json);
	json_open_object(json, NULL);
	json_string(json, "path", row->cgroup->path);
	json_number(json, "inode", row->cgroup->inode);
	json_number(json, "processes", row->processes);
	emit_figure(json, "current", current_of(row));
	emit_figure(json, "limit", limit_of(row));
	emit_figure(json, "high", high_of(row));
	emit_figure(json, "headroom", headroom_of(row));
	emit_figure(json, "swap_current", swap_current_of(row));
	emit_figure(json, "swap_limit", swap_limit_of(row));
	headroom_emit(json, "limits", &row->headroom);
	json_open_object(json, "objects");
	json_number(json, "resident", row->objects);
	json_number(json, "unmapped", row->unmapped);
	json_number(json, "swapped", row->objects_swapped);
	json_close_object(json);
	json_open_object(json, "total");
	emit_counts(json, &row->total);
	emit_faults(json, &row->total);
	json_close_object(json);
	emit_classes(json, row->classes, row->nr_classes);
	json_close_object(json);
}

static void print_json(const struct list *list, const struct request *request)
{
	struct json json;
	size_t i;

	json_begin(&json, stdout);
	json_open_object(&json, NULL);
	json_number(&json, "schema", JSON_SCHEMA);
	json_bool(&json, "tree", request->tree);
	json_open_array(&json, "cgroups");
	for (i = 0; i < list->nr_shown; i++)
		emit_row(&json, list->shown[i]);
	json_line(&json);
	json_close_array(&json);
	json_close_object(&json);
	json_end(&json);
}

static enum status print(struct list *list, const char *path, const struct request *request)
{
	const struct row *top = NULL;

	if (path) {
		top = find_path(list, path);
		if (!top)
			return STATUS_FAILURE;
	}
	choose(list, top, request);
	if (request->json)
		print_json(list, request);
	else if (top && !request->tree)
		return print_classes(top, request);
	else
		return print_table(list, request);
	return STATUS_OK;
}

static enum status show(const char *path, const struct request *request)
{
	struct list list = { 0 };
	enum status status;

	status = list_make(&list, request);
	if (!status)
		status = print(&list, path, request);
	list_free(&list);
	return status;
}

static enum status run(const struct request *request, char **operands, int count)
{
	struct repeat repeat;
	enum status status;

	status = repeat_begin(&repeat, request, "cgroups");
	while (!status && repeat_next(&repeat)) {
		repeat_heading(&repeat, request);
		status = show(count ? operands[0] : NULL, request);
	}
	return status;
}

const struct command cgroups_command = {
	.name = "cgroups",
	.operands = "[PATH]",
	.summary = "memory cgroups, their processes and limits",
	.details = "One row for each memory cgroup, parents before their children: the processes in\n"
		   "it, without those of the cgroups below; with --tree they are included.\n"
		   "With PATH: one of them, by classes; with --tree, and those below it.\n",
	.options = OPTION_JSON | OPTION_TABLE | OPTION_SORT | OPTION_SOURCE | OPTION_TREE |
		   OPTION_WATCH,
	.min_operands = 0,
	.max_operands = 1,
	.listing = &cgroups_listing,
	.run = run,
};
