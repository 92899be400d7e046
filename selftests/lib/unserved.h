/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that is not there, and that whoever is asked for it never brings: who touches it
 * sleeps for good, the kernel in a copy as well.
 */
#ifndef SELFTESTS_UNSERVED_H
#define SELFTESTS_UNSERVED_H

#include <stddef.h>

/*
 * Either returns NULL with errno when it cannot be had. @asked is called when somebody begins
 * to wait. Who waits for userfaultfd can be killed.
 */
char *unserved_by_userfaultfd(size_t length, void (*asked)(const void *data), const void *data);

/*
 * A file of a file system that is a child of this process. Who waits for it cannot be killed
 * alone: this process now leads a process group with the child.
 */
char *unserved_by_fuse(size_t length, void (*asked)(const void *data), const void *data);

#endif /* SELFTESTS_UNSERVED_H */
