// SPDX-License-Identifier: GPL-2.0
/* The module's file "objects": a row for each object, whose name comes last. */
#include "objects_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"
#include "text_rows.h"

static void take_device(struct object *object, const char *value)
{
	sscanf(value, "%u:%u", &object->dev_major, &object->dev_minor);
}

static void take_mappers(struct object *object, const char *value)
{
	object->is_sum = !strcmp(value, "-");
	object->mappers = strtoull(value, NULL, 10);
}

static void take_unknown(struct object *object, const char *value)
{
	object->unknown_counted = strcmp(value, "-");
	object->unknown = strtoull(value, NULL, 10);
}

static void take_since(struct object *object, const char *value)
{
	object->since = strtoll(value, NULL, 10);
}

/* A column is a text, a number, or has its own way to be taken. */
static const struct taker {
	const char *name;
	size_t member;
	size_t text;			/* room for it */
	void (*take)(struct object *object, const char *value);
} takers[] = {
#define NUMBER(field) { .name = #field, .member = offsetof(struct object, field) }
#define TEXT(field) \
	{ \
		.name = #field, \
		.member = offsetof(struct object, field), \
		.text = sizeof(((struct object *)0)->field), \
	}
	TEXT(kind),
	TEXT(flags),
	NUMBER(inode),
	NUMBER(page_size),
	NUMBER(files),
	NUMBER(size),
	NUMBER(resident),
	NUMBER(swapped),
	NUMBER(mapped),
	NUMBER(holders),
	NUMBER(uid),
	NUMBER(cgroup),
	{ .name = "device", .take = take_device },
	{ .name = "mappers", .take = take_mappers },
	{ .name = "unknown", .take = take_unknown },
	{ .name = "since", .take = take_since },
};

#define NR_TAKERS	(sizeof(takers) / sizeof(takers[0]))

static void take_value(const struct taker *taker, struct object *object, const char *value)
{
	char *member = (char *)object + taker->member;

	if (taker->take)
		taker->take(object, value);
	else if (taker->text)
		snprintf(member, taker->text, "%s", value);
	else
		*(uint64_t *)member = strtoull(value, NULL, 10);
}

/* A column that only a newer module has is passed. */
static void take(void *item, const char *column, const char *value)
{
	size_t i;

	for (i = 0; i < NR_TAKERS; i++)
		if (!strcmp(takers[i].name, column))
			take_value(&takers[i], item, value);
}

static bool add(void *list, void *item, const char *name)
{
	struct objects *objects = list;
	struct object *object = item, *more = objects->all;

	object->name = strdup(name);
	/* Powers of two: they are made larger when one is reached. */
	if (!(objects->count & (objects->count - 1)))
		more = realloc(more, (objects->count ? 2 * objects->count : 1) * sizeof(*more));
	if (more)
		objects->all = more;
	if (!more || !object->name) {
		free(object->name);
		return false;
	}
	more[objects->count++] = *object;
	*object = (struct object) { 0 };
	return true;
}

/* An older module has none, nor has anything else. */
bool objects_exist(const struct request *request)
{
	return source_may_be_module(request) && source_has_text(request, "objects");
}

enum status objects_read(const struct request *request, struct objects *objects)
{
	struct object object = { 0 };
	enum status status;

	*objects = (struct objects) { 0 };
	status = text_rows_read(request, "objects",
				&(struct text_rows) {
					.last = "name",
					.item = &object,
					.take = take,
					.list = objects,
					.add = add,
				});
	if (status)
		objects_free(objects);
	return status;
}

void objects_free(struct objects *objects)
{
	size_t i;

	for (i = 0; i < objects->count; i++)
		free(objects->all[i].name);
	free(objects->all);
	*objects = (struct objects) { 0 };
}

bool object_has_flag(const struct object *object, const char *flag)
{
	const char *at = object->flags;
	size_t length;

	for (; *at; at += length + (at[length] == ',')) {
		length = strcspn(at, ",");
		if (length == strlen(flag) && !strncmp(at, flag, length))
			return true;
	}
	return false;
}
