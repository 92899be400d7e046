/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel that runs: how new it is, how slow, and what it says of all memory. */
#ifndef SELFTESTS_KERNEL_H
#define SELFTESTS_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

bool kernel_at_least(unsigned int major, unsigned int minor);

/*
 * Whether it is one of those that are built for these tests, which watch each of their own
 * steps, with KASAN, lockdep and all else: it takes ten times as long for everything. What a
 * test does many times over only to be sure, it does less often there, or with less memory.
 */
bool kernel_checks_itself(void);

/* Of /proc/meminfo: bytes, or a number of pages for hugetlbfs. 0 for what is not there. */
uint64_t meminfo(const char *name);

#endif /* SELFTESTS_KERNEL_H */
