// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to read all objects where a tmpfs has many small files, against what a
 * person would have to run to know as much: find, stat and du. To be run with a clock
 * that counts instructions. Prints a JSON row a line.
 *
 * bench_objects FILES
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench_row.h"

#define MOUNT	"/tmp/objects"
#define OBJECTS	"/sys/kernel/debug/memclass/objects"
#define BAR	0.25

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* A thousand in a directory. */
static void make_files(unsigned long files)
{
	char path[64];
	int fd;

	mkdir(MOUNT, 0700);
	if (mount("objects", MOUNT, "tmpfs", 0, "nr_inodes=0"))
		err(1, MOUNT);
	while (files--) {
		snprintf(path, sizeof(path), MOUNT "/%lu", files / 1000);
		mkdir(path, 0700);
		snprintf(path, sizeof(path), MOUNT "/%lu/%lu", files / 1000, files);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0 || write(fd, "x", 1) != 1)
			err(1, "%s", path);
		close(fd);
	}
}

static uint64_t cost_of_reading(void)
{
	static char text[1 << 16];
	uint64_t began = now();
	int fd = open(OBJECTS, O_RDONLY);
	ssize_t got;

	while ((got = read(fd, text, sizeof(text))) > 0)
		;
	if (got)
		err(1, OBJECTS);
	close(fd);
	return now() - began;
}

static uint64_t cost_of(const char *command)
{
	uint64_t began = now();

	if (system(command))
		errx(1, "%s", command);
	return now() - began;
}

int main(int argc, char **argv)
{
	uint64_t objects, tools, few;

	if (argc != 2)
		errx(2, "bench_objects FILES");
	few = cost_of_reading();
	make_files(strtoul(argv[1], NULL, 10));
	tools = cost_of("find " MOUNT " -type f -exec stat -c '%n %s %b' {} + >/dev/null") +
		cost_of("du -s " MOUNT " >/dev/null");
	objects = cost_of_reading();
	bench_row("objects/few", few, "instructions", NULL, 0, 0);
	bench_row("objects/small files", objects, "instructions", "find, stat, du",
		  (double)objects / tools, BAR);
	umount(MOUNT);
	return 0;
}
