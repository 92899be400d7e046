// SPDX-License-Identifier: GPL-2.0
/* memclass objects: shared memory, whether or not a process maps it. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "emit.h"
#include "holders.h"
#include "mounts.h"
#include "objects_source.h"
#include "repeat.h"
#include "say.h"
#include "segments.h"
#include "table.h"

/* Processes that a table names of each object. */
#define NAMED_MAX	8

/* An object, or the sum, and what is known of it from elsewhere than the module. */
struct row {
	const struct object *object;
	char *name;			/* for people */
	char *path;			/* NULL: it has none, or it is not known */
	const struct holders *holders;	/* NULL: were not asked for */
	char *processes;		/* the same as text */
	bool is_segment;
	struct segment segment;
	bool is_total;
};

static const struct row *row_of(const void *item)
{
	return item;
}

static void get_kind(const void *item, struct cell *cell)
{
	cell_text(cell, row_of(item)->object->kind);
}

static void get_name(const void *item, struct cell *cell)
{
	cell_text(cell, row_of(item)->name);
}

static void get_processes(const void *item, struct cell *cell)
{
	if (row_of(item)->processes)
		cell_text(cell, row_of(item)->processes);
}

static void get_flags(const void *item, struct cell *cell)
{
	if (!row_of(item)->is_total)
		cell_text(cell, row_of(item)->object->flags);
}

static void get_age(const void *item, struct cell *cell)
{
	const struct object *object = row_of(item)->object;
	time_t now = time(NULL);

	if (row_of(item)->is_total)
		return;
	cell->kind = object->is_sum ? CELL_UNKNOWN : CELL_SECONDS;
	cell->number = now > object->since ? now - object->since : 0;
}

static void get_device(const void *item, struct cell *cell)
{
	const struct object *object = row_of(item)->object;

	if (!row_of(item)->is_total)
		cell_format(cell, "%u:%u", object->dev_major, object->dev_minor);
}

static void get_unmapped(const void *item, struct cell *cell)
{
	cell_bytes(cell, row_of(item)->object->resident - row_of(item)->object->mapped);
}

/* What is not known of a sum, and says nothing in the total. */
static void cell_of_one(const struct row *row, struct cell *cell, uint64_t number)
{
	if (row->is_total)
		return;
	cell_number(cell, number);
	if (row->object->is_sum)
		cell->kind = CELL_UNKNOWN;
}

static void get_unknown(const void *item, struct cell *cell)
{
	cell_of_one(item, cell, row_of(item)->object->unknown);
	if (!row_of(item)->is_total && !row_of(item)->object->unknown_counted)
		cell->kind = CELL_UNKNOWN;
}

#define GET_OF_ONE(field) \
	static void get_##field(const void *item, struct cell *cell) \
	{ \
		cell_of_one(item, cell, row_of(item)->object->field); \
	}
#define GET_BYTES(field) \
	static void get_##field(const void *item, struct cell *cell) \
	{ \
		cell_bytes(cell, row_of(item)->object->field); \
	}
#define GET_AT_LEAST(field) \
	static void get_##field(const void *item, struct cell *cell) \
	{ \
		cell_of_one(item, cell, row_of(item)->object->field); \
		cell->at_least = object_has_flag(row_of(item)->object, "many"); \
	}
GET_AT_LEAST(mappers)
GET_AT_LEAST(holders)
GET_OF_ONE(uid)
GET_OF_ONE(inode)
GET_OF_ONE(page_size)
GET_BYTES(size)
GET_BYTES(resident)
GET_BYTES(swapped)
GET_BYTES(mapped)

static void get_files(const void *item, struct cell *cell)
{
	cell_number(cell, row_of(item)->object->files);
}

static const struct field fields[] = {
	{ .name = "kind", .help = "what it is", .get = get_kind, .left = true },
	{ .name = "size", .help = "length", .get = get_size },
	{ .name = "resident", .help = "in memory", .get = get_resident },
	{ .name = "mapped", .help = "part of resident that a page table maps", .get = get_mapped },
	{ .name = "unmapped", .help = "part of resident that none maps", .get = get_unmapped },
	{ .name = "swapped", .help = "swapped out", .get = get_swapped },
	{ .name = "mappers", .help = "processes that map it", .get = get_mappers },
	{ .name = "holders", .help = "processes that only have a descriptor", .get = get_holders },
	{
		.name = "unknown",
		.help = "open files that no process has: in a socket, or the kernel's",
		.get = get_unknown,
	},
	{ .name = "age", .help = "time since it was made", .get = get_age },
	{ .name = "uid", .help = "its owner's number", .get = get_uid, .ascending = true },
	{ .name = "files", .help = "how many it is the sum of", .get = get_files },
	{ .name = "page_size", .help = "of its pages", .get = get_page_size },
	{ .name = "device", .help = "of the mount", .get = get_device },
	{ .name = "inode", .help = "on that device", .get = get_inode },
	{ .name = "flags", .help = "unlinked, locked, many, cut", .get = get_flags, .left = true },
	{
		.name = "processes",
		.help = "with --holders: who maps it, or has a descriptor",
		.get = get_processes,
		.left = true,
	},
	{ .name = "name", .help = "path or name", .get = get_name, .left = true },
};

static const struct listing objects_listing = {
	.fields = fields,
	.nr_fields = sizeof(fields) / sizeof(fields[0]),
	.defaults = "kind,resident,mapped,swapped?,mappers,holders,unknown,age,flags,name",
};

/* What is shown unless columns are asked for. */
#define DEFAULTS_WITH_HOLDERS	"+processes"

/*
 * Names. Of what follows NULL is there when there is no memory.
 */

__attribute__((format(printf, 1, 2))) static char *text(const char *format, ...)
{
	va_list args;
	char *made;
	int length;

	va_start(args, format);
	length = vasprintf(&made, format, args);
	va_end(args);
	return length < 0 ? NULL : made;
}

static char *segment_name(const struct segment *segment)
{
	if (segment->creator)
		return text("shmid %d, key 0x%08" PRIx32 ", made by %d", segment->shmid,
			    segment->key, segment->creator);
	return text("shmid %d, key 0x%08" PRIx32, segment->shmid, segment->key);
}

static char *small_name(const struct row *row)
{
	const struct object *object = row->object;

	if (row->path)
		return text("%" PRIu64 " files below %s", object->files, *row->path ? row->path : "/");
	return text("%" PRIu64 " files of a mount that is not to be seen, device %u:%u",
		    object->files, object->dev_major, object->dev_minor);
}

static char *file_name(const struct row *row)
{
	const struct object *object = row->object;

	if (row->path)
		return text("%s", row->path);
	return text("%s of a mount that is not to be seen, device %u:%u", object->name,
		    object->dev_major, object->dev_minor);
}

static bool is_kind(const struct object *object, const char *kind)
{
	return !strcmp(object->kind, kind);
}

static char *name_of(const struct row *row)
{
	if (row->is_segment)
		return segment_name(&row->segment);
	if (row->object->is_sum)
		return small_name(row);
	if (is_kind(row->object, "tmpfs") || is_kind(row->object, "hugetlbfs"))
		return file_name(row);
	return text("%s", row->object->name);
}

/* "postgres[12] maps, sh[13] fd" */
static char *processes_of(const struct row *row)
{
	const struct holders *holders = row->holders;
	char *made = NULL;
	FILE *out;
	size_t i, size;

	out = open_memstream(&made, &size);
	if (!out)
		return NULL;
	for (i = 0; i < holders->count && i < NAMED_MAX; i++)
		fprintf(out, "%s%s[%d] %s", i ? ", " : "", holders->all[i].comm,
			holders->all[i].pid, holders->all[i].maps ? "maps" : "fd");
	if (holders->count > NAMED_MAX)
		fprintf(out, " and %zu more", holders->count - NAMED_MAX);
	if (row->object->unknown)
		fprintf(out, "%sunknown holder", i ? ", " : "");
	fclose(out);
	return made;
}

/*
 * All of them, in the order in which they are shown.
 */

struct list {
	struct objects objects;
	struct holders *holders;	/* in their order, or NULL */
	struct row *rows;
	const void **sorted;
	size_t count;
	struct object total;
};

static bool make_row(struct list *list, size_t index, const struct mounts *mounts,
		     const struct segments *segments)
{
	const struct object *object = &list->objects.all[index];
	struct row *row = &list->rows[list->count];

	*row = (struct row) { .object = object };
	if (list->holders)
		row->holders = &list->holders[index];
	row->is_segment = segments_find(segments, object, &row->segment);
	if (object->is_sum || is_kind(object, "tmpfs") || is_kind(object, "hugetlbfs"))
		row->path = mounts_path(mounts, object->dev_major, object->dev_minor,
					object->name);
	row->name = name_of(row);
	if (row->holders)
		row->processes = processes_of(row);
	list->count++;
	return row->name && (row->processes || !row->holders);
}

static void total_add(struct object *total, const struct object *object)
{
	total->files += object->files;
	total->size += object->size;
	total->resident += object->resident;
	total->swapped += object->swapped;
	total->mapped += object->mapped;
}

static bool is_wanted(const struct object *object, const struct request *request)
{
	return !request->unmapped || !object->mappers;
}

static bool make_rows(struct list *list, const struct request *request)
{
	struct segments segments;
	struct mounts mounts;
	bool made = true;
	size_t i;

	list->rows = calloc(list->objects.count + 1, sizeof(*list->rows));
	list->sorted = calloc(list->objects.count + 1, sizeof(*list->sorted));
	if (!list->rows || !list->sorted)
		return false;
	segments_read(&segments);
	mounts_read(&mounts);
	for (i = 0; made && i < list->objects.count; i++) {
		if (!is_wanted(&list->objects.all[i], request))
			continue;
		total_add(&list->total, &list->objects.all[i]);
		list->sorted[list->count] = &list->rows[list->count];
		made = make_row(list, i, &mounts, &segments);
	}
	mounts_free(&mounts);
	segments_free(&segments);
	return made;
}

static enum status list_make(struct list *list, const struct request *request)
{
	enum status status = objects_read(request, &list->objects);

	if (status)
		return status;
	if (request->holders) {
		list->holders = holders_find(&list->objects);
		if (!list->holders)
			return STATUS_FAILURE;
	}
	if (!make_rows(list, request)) {
		say_error("out of memory");
		return STATUS_FAILURE;
	}
	listing_sort(&objects_listing,
		     listing_find(&objects_listing, request->sort ?: "resident"), list->sorted,
		     list->count);
	return STATUS_OK;
}

static void list_free(struct list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		free(list->rows[i].name);
		free(list->rows[i].path);
		free(list->rows[i].processes);
	}
	free(list->rows);
	free(list->sorted);
	holders_free(list->holders, list->objects.count);
	objects_free(&list->objects);
}

/* The sum is over all, also those that --top leaves out. */
static enum status print_table(const struct list *list, size_t top, const struct request *request)
{
	struct row total = { .object = &list->total, .name = (char *)"", .is_total = true };
	struct request with_holders = *request;
	enum status status;
	struct table *table;
	char name[64];
	size_t i;

	if (request->holders && !request->columns)
		with_holders.columns = DEFAULTS_WITH_HOLDERS;
	status = table_open(&table, &objects_listing, &with_holders);
	if (status)
		return status;
	for (i = 0; i < list->count && i < top; i++)
		table_row(table, list->sorted[i]);
	snprintf(name, sizeof(name), "%" PRIu64 " objects", list->total.files);
	total.name = name;
	table_row(table, &total);
	return table_close(table);
}

static void emit_sizes(struct json *json, const struct object *object)
{
	json_number(json, "files", object->files);
	json_number(json, "size", object->size);
	json_number(json, "resident", object->resident);
	json_number(json, "mapped", object->mapped);
	json_number(json, "unmapped", object->resident - object->mapped);
	json_number(json, "swapped", object->swapped);
}

static void emit_known(struct json *json, const char *key, bool known, uint64_t number)
{
	if (known)
		json_number(json, key, number);
	else
		json_null(json, key);
}

static void emit_users(struct json *json, const struct object *object)
{
	emit_known(json, "mappers", !object->is_sum, object->mappers);
	emit_known(json, "fd_holders", !object->is_sum, object->holders);
	emit_known(json, "unknown_holders", object->unknown_counted, object->unknown);
	emit_known(json, "uid", !object->is_sum, object->uid);
	emit_known(json, "since", !object->is_sum, object->since);
	emit_known(json, "cgroup_inode", object->cgroup, object->cgroup);
}

static void emit_flags(struct json *json, const struct object *object)
{
#define EMIT(flag, bit, name, text) \
	json_bool(json, name, object_has_flag(object, name));
	MEMCLASS_OBJECT_FLAGS(EMIT)
#undef EMIT
}

static void emit_segment(struct json *json, const struct segment *segment)
{
	json_number(json, "shmid", segment->shmid);
	json_number(json, "key", segment->key);
	emit_known(json, "creator_pid", segment->creator, segment->creator);
}

static void emit_holders(struct json *json, const struct holders *holders)
{
	size_t i;

	json_open_array(json, "holders");
	for (i = 0; i < holders->count; i++) {
		json_open_object(json, NULL);
		json_number(json, "pid", holders->all[i].pid);
		json_string(json, "comm", holders->all[i].comm);
		json_bool(json, "maps", holders->all[i].maps);
		json_bool(json, "fd", holders->all[i].has_descriptor);
		json_close_object(json);
	}
	json_close_array(json);
}

static void emit_row(struct json *json, const struct row *row)
{
	const struct object *object = row->object;

	json_line(json);
	json_open_object(json, NULL);
	json_string(json, "kind", object->kind);
	json_string(json, "name", object->name);
	if (row->path)
		json_string(json, "path", row->path);
	else
		json_null(json, "path");
	json_format(json, "device", "%u:%u", object->dev_major, object->dev_minor);
	json_number(json, "inode", object->inode);
	json_number(json, "page_size", object->page_size);
	emit_sizes(json, object);
	emit_users(json, object);
	emit_flags(json, object);
	if (row->is_segment)
		emit_segment(json, &row->segment);
	if (row->holders)
		emit_holders(json, row->holders);
	json_close_object(json);
}

static void print_json(const struct list *list, size_t top)
{
	struct json json;
	size_t i;

	json_begin(&json, stdout);
	json_open_object(&json, NULL);
	json_number(&json, "schema", JSON_SCHEMA);
	json_open_array(&json, "objects");
	for (i = 0; i < list->count && i < top; i++)
		emit_row(&json, list->sorted[i]);
	json_line(&json);
	json_close_array(&json);
	json_open_object(&json, "total");
	emit_sizes(&json, &list->total);
	json_close_object(&json);
	json_close_object(&json);
	json_end(&json);
}

static bool parse_top(const char *text, size_t *top)
{
	char *end;

	*top = SIZE_MAX;
	if (!text)
		return true;
	errno = 0;
	*top = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno;
}

static enum status show(size_t top, const struct request *request)
{
	struct list list = { .total.kind = "total" };
	enum status status = list_make(&list, request);

	if (!status && request->json)
		print_json(&list, top);
	else if (!status)
		status = print_table(&list, top, request);
	list_free(&list);
	return status;
}

static enum status run(const struct request *request, char **operands, int count)
{
	struct repeat repeat;
	enum status status;
	size_t top;

	(void)operands;
	(void)count;
	if (!parse_top(request->top, &top)) {
		say_usage("objects", "'%s' is not a number", request->top);
		return STATUS_USAGE;
	}
	status = repeat_begin(&repeat, request, "objects");
	while (!status && repeat_next(&repeat)) {
		repeat_heading(&repeat, request);
		status = show(top, request);
	}
	return status;
}

const struct command objects_command = {
	.name = "objects",
	.operands = "",
	.summary = "shared memory, whoever has it",
	.details = "One row for each tmpfs file, memfd, System V segment, MAP_SHARED | MAP_ANONYMOUS\n"
		   "area, driver's object and hugetlbfs file, in all namespaces, and their sum.\n"
		   "Files with little memory that nobody maps are one row for each mount.\n",
	.options = OPTION_JSON | OPTION_TABLE | OPTION_SORT | OPTION_SOURCE | OPTION_OBJECTS |
		   OPTION_WATCH,
	.min_operands = 0,
	.max_operands = 0,
	.listing = &objects_listing,
	.run = run,
};
