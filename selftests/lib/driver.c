// SPDX-License-Identifier: GPL-2.0
#include "driver.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void load(const char *file)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/modules/%s", file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!syscall(SYS_finit_module, fd, "", 0))
		unlink(path);
	close(fd);
}

void driver_load(const char *name)
{
	FILE *order = fopen("/modules/order", "re");
	char line[1024], *words, *file;

	/* Each line: the module, a colon, and its files in the order in which to load them. */
	while (order && fgets(line, sizeof(line), order)) {
		words = strchr(line, ':');
		if (!words || strncmp(line, name, words - line) || name[words - line])
			continue;
		for (file = strtok(words + 1, " \n"); file; file = strtok(NULL, " \n"))
			load(file);
	}
	if (order)
		fclose(order);
}
