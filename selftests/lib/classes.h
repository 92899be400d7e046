/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The class that a mapping should have, by what /proc tells of it: DESIGN.md's table,
 * read from the outside.
 */
#ifndef SELFTESTS_CLASSES_H
#define SELFTESTS_CLASSES_H

#include "oracle.h"

/* A bit for each class that agrees with /proc; mostly there is one. */
uint64_t classes_expected(pid_t pid, const struct oracle *oracle,
			  const struct oracle_vma *vma);

#endif /* SELFTESTS_CLASSES_H */
