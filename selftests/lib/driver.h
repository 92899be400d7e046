/* SPDX-License-Identifier: GPL-2.0 */
/* Modules of the kernel's own that a test wants, and that are not there by themselves. */
#ifndef SELFTESTS_DRIVER_H
#define SELFTESTS_DRIVER_H

/*
 * In a minimal guest they lie ready in /modules, unless they are loaded already; elsewhere
 * they come by themselves, or are built in.
 */
void driver_load(const char *name);

#endif /* SELFTESTS_DRIVER_H */
