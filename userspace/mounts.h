/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOUNTS_H
#define MOUNTS_H

#include <stddef.h>
#include <sys/types.h>

/* Where file systems are mounted, in any mount namespace. */
struct mounts {
	struct mount *all;
	size_t count;
};

/* Followed by mounts_free(). What cannot be read is left out. */
void mounts_read(struct mounts *mounts);
void mounts_free(struct mounts *mounts);

/*
 * A path by which the reader gets to @path, counted from the root of the device; one
 * below /proc/PID/root where it is only mounted in other namespaces. To be freed; NULL:
 * it is mounted nowhere, or there is no memory.
 */
char *mounts_path(const struct mounts *mounts, unsigned int dev_major, unsigned int dev_minor,
		  const char *path);

#endif /* MOUNTS_H */
