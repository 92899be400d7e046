/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names that memclass.h has for classes, types and columns.
 */
#ifndef SELFTESTS_NAMES_H
#define SELFTESTS_NAMES_H

#include "memclass.h"

/* A number that memclass.h does not have is "(none)". */
const char *class_name(unsigned int class);
const char *class_type_name(unsigned int class);
const char *column_name(unsigned int column);

#endif /* SELFTESTS_NAMES_H */
