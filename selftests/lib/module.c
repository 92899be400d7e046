// SPDX-License-Identifier: GPL-2.0
#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int module_insert(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret, error;

	if (fd < 0)
		return -1;
	ret = syscall(SYS_finit_module, fd, parameters, 0);
	error = errno;
	close(fd);
	errno = error;
	return ret;
}

int module_remove(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK);
}

static void insert_ready(const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "/modules/%s", file);
	if (!module_insert(path, ""))
		unlink(path);
}

void module_want(const char *name)
{
	FILE *order = fopen("/modules/order", "re");
	char line[1024], *words, *file;

	/* Each line: the module, a colon, and its files in the order in which to load them. */
	while (order && fgets(line, sizeof(line), order)) {
		words = strchr(line, ':');
		if (!words || strncmp(line, name, words - line) || name[words - line])
			continue;
		for (file = strtok(words + 1, " \n"); file; file = strtok(NULL, " \n"))
			insert_ready(file);
	}
	if (order)
		fclose(order);
}
