// SPDX-License-Identifier: GPL-2.0
/*
 * The names of classes and types.
 */
#include "class.h"

static const struct {
	const char *name;
	enum memclass_type type;
} classes[] = {
#define CLASS_ROW(class, name, type, text) { name, MEMCLASS_TYPE_##type },
	MEMCLASS_CLASSES(CLASS_ROW)
};

static const char *const type_names[] = {
#define TYPE_ROW(type, name, text) name,
	MEMCLASS_TYPES(TYPE_ROW)
};

const char *mc_class_name(enum memclass_class class)
{
	return classes[class].name;
}

enum memclass_type mc_class_type(enum memclass_class class)
{
	return classes[class].type;
}

const char *mc_class_type_name(enum memclass_class class)
{
	return type_names[classes[class].type];
}
