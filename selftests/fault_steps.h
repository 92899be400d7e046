/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests of the fault counters that hold each step against what the caller did in it.
 * To be included after kselftest_harness.h.
 */
#ifndef FAULT_STEPS_H
#define FAULT_STEPS_H

#include "fault.h"

#define N	64U
#define LENGTH	(N * PAGE)

static struct fault_reading before, after;

/* From here on, ... */
#define BEGIN() ASSERT_RIGHT(fault_read(getpid(), &before))

/* ... to here, there were these faults and no others. */
#define END(...) \
	do { \
		const struct growth growth[] = { __VA_ARGS__ }; \
\
		ASSERT_RIGHT(fault_read(getpid(), &after)); \
		EXPECT_RIGHT(fault_growth(&before, &after, growth, ARRAY_SIZE(growth))); \
		/* And all since this process was forked. */ \
		EXPECT_RIGHT(fault_exact(&fault_none, &after)); \
	} while (0)

#define END_WITHOUT_FAULTS()	END(GREW(ANON, write, 0))

/* As many as the kernel counted: where that differs from release to release. */
#define AS_MANY	((after.minor - before.minor) + (after.major - before.major))

#define END_WITH_ONLY(class, field) \
	do { \
		ASSERT_RIGHT(fault_read(getpid(), &after)); \
		EXPECT_NE(0U, AS_MANY); \
		END(GREW(class, field, AS_MANY)); \
	} while (0)

#endif /* FAULT_STEPS_H */
