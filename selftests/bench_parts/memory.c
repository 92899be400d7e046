// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"
#include "reader.h"

/* Bytes of kernel memory that were asked for, whatever their size. */
static double slab_bytes(void)
{
	static const char *const names[] = { "nr_slab_reclaimable ",
					     "nr_slab_unreclaimable " };
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY);
	double pages = 0;
	ssize_t n;
	size_t i;

	/* Each processor counts for itself a while; it must not. */
	if (fd < 0 || write(fd, "1", 1) != 1)
		err(1, "stat_refresh");
	close(fd);
	fd = open_or_die("/proc/vmstat");
	n = read(fd, text, TEXT_SIZE - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (i = 0; i < 2; i++) {
		const char *found = strstr(text, names[i]);

		if (!found)
			errx(1, "no %sin vmstat", names[i]);
		pages += strtol(found + strlen(names[i]), NULL, 10);
	}
	return pages * 4096;
}

/* What an open file costs: no buffer grows with the machine. */
static void bench_open_file(const char *file)
{
	enum {
		FILES = 2000
	};
	static int fds[FILES];
	char label[64], path[64];
	double before;
	int i;

	snprintf(path, sizeof(path), MODULE_DIR "%s", file);
	before = slab_bytes();
	for (i = 0; i < FILES; i++)
		fds[i] = open_or_die(path);
	snprintf(label, sizeof(label), "memory/open-%s", file);
	row(label, (slab_bytes() - before) / FILES, "bytes", NULL, 0, 0);
	for (i = 0; i < FILES; i++)
		close(fds[i]);
}

void bench_memory(void)
{
	FILE *modules = fopen("/proc/modules", "r");
	char name[64];
	long size;

	while (modules && fscanf(modules, "%63s %ld%*[^\n]", name, &size) == 2) {
		if (!strcmp(name, "memclass"))
			row("memory/module", size, "bytes", NULL, 0, 0);
	}
	fclose(modules);
	bench_open_file("records");
	bench_open_file("vmas");
}
