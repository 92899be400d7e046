/* SPDX-License-Identifier: GPL-2.0 */
#ifndef UNFINISHED_H
#define UNFINISHED_H

#include "command.h"

/* A file that gets its name when all of it is there. */
struct unfinished {
	int fd;
	char *path;			/* until then */
	char *target;			/* from then on: what a symbolic link leads to */
};

/*
 * Complains when it cannot be made, or when something is there that is no file. On success,
 * unfinished_finish() or unfinished_remove() ends what begins here; both leave the
 * descriptor to whoever has opened it.
 */
enum status unfinished_open(struct unfinished *file, const char *path);

/* Return: 0, or -1 with errno set, and then nothing is left of it. */
int unfinished_finish(struct unfinished *file);
void unfinished_remove(struct unfinished *file);

#endif /* UNFINISHED_H */
