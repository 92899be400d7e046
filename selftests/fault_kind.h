/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests of what kind a fault is: a process that takes no faults but its own, each of
 * them for one page.
 * To be included after kselftest_harness.h.
 */
#ifndef FAULT_KIND_H
#define FAULT_KIND_H

#include "fault_steps.h"

FIXTURE(kind)
{
	char around[32];
};

FIXTURE_SETUP(kind)
{
	char why[128];

	if (!faults_are_on(why))
		SKIP(return, "faults are off: %s", why);
	/* A fault in a file is for one page, and not for those around it. */
	text_read(FAULT_AROUND, self->around, sizeof(self->around));
	ASSERT_TRUE(text_write(FAULT_AROUND, "4096"));
	/* The harness forked this process: what it shares comes first. */
	ASSERT_TRUE(settle());
}

FIXTURE_TEARDOWN(kind)
{
	if (self->around[0])
		text_write(FAULT_AROUND, self->around);
}

/* All N pages of it are in the page cache. Return: @fd, or -1. */
static inline int fill(int fd, char byte)
{
	static char page[PAGE];
	unsigned int i;

	memset(page, byte, sizeof(page));
	for (i = 0; fd >= 0 && i < N; i++) {
		if (pwrite(fd, page, sizeof(page), i * PAGE) != sizeof(page))
			return -1;
	}
	return fd;
}

static inline int open_memfd(void)
{
	return fill(memfd_create("fault", MFD_CLOEXEC), 1);
}

#endif /* FAULT_KIND_H */
