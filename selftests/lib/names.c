// SPDX-License-Identifier: GPL-2.0
#include "names.h"

#define UNKNOWN	"(none)"

const char *class_name(unsigned int class)
{
	static const char *const names[] = {
#define NAME(class, name, type, text) name,
		MEMCLASS_CLASSES(NAME)
#undef NAME
	};

	return class < MEMCLASS_NR_CLASSES ? names[class] : UNKNOWN;
}

const char *class_type_name(unsigned int class)
{
	static const char *const names[] = {
#define NAME(type, name, text) name,
		MEMCLASS_TYPES(NAME)
#undef NAME
	};
	static const enum memclass_type types[] = {
#define TYPE(class, name, type, text) MEMCLASS_TYPE_##type,
		MEMCLASS_CLASSES(TYPE)
#undef TYPE
	};

	return class < MEMCLASS_NR_CLASSES ? names[types[class]] : UNKNOWN;
}

const char *column_name(unsigned int column)
{
	static const char *const names[] = {
#define NAME(field, tier, text) #field,
		MEMCLASS_COLUMNS(NAME)
#undef NAME
	};

	return column < MEMCLASS_NR_COLUMNS ? names[column] : UNKNOWN;
}
