/* SPDX-License-Identifier: GPL-2.0 */
/*
 * To be included after kselftest_harness.h, which gives a test 30 seconds: that is little
 * for a kernel that checks everything, emulated, on a busy machine.
 */
#ifndef SELFTESTS_PATIENCE_H
#define SELFTESTS_PATIENCE_H

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	150

#endif /* SELFTESTS_PATIENCE_H */
