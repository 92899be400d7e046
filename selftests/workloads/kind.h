/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ways to take memory, in units: a process takes one after the other, and gives back
 * the last ones.
 */
#ifndef SELFTESTS_WORKLOADS_KIND_H
#define SELFTESTS_WORKLOADS_KIND_H

#include <stddef.h>

#define KIB	1024UL
#define MIB	(1024 * KIB)

struct kind {
	const char *name;
	size_t unit;			/* bytes that one takes */
	void (*prepare)(void);		/* or NULL */
	void (*take)(size_t i);
	void (*give_back)(size_t i);	/* or NULL: cannot */
};

/* NULL: there is none. */
const struct kind *kind_find(const char *name);
void kind_list(void);

#endif /* SELFTESTS_WORKLOADS_KIND_H */
