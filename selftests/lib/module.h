/* SPDX-License-Identifier: GPL-2.0 */
/* Modules of the kernel, as insmod and rmmod have them. */
#ifndef SELFTESTS_MODULE_H
#define SELFTESTS_MODULE_H

/* In a guest of selftests/vm/run. */
#define MODULE_KO	"/memclass/memclass.ko"

/* Both return 0, or -1 with errno. */
int module_insert(const char *path, const char *parameters);
int module_remove(const char *name);

/*
 * One of the kernel's own, if it is not there. In a minimal guest they lie ready in
 * /modules, with those they need; elsewhere they come by themselves, or are built in.
 */
void module_want(const char *name);

#endif /* SELFTESTS_MODULE_H */
