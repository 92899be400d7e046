// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "parts.h"
#include "reader.h"
#include "target.h"

/* Every other page of a region is another mapping than its neighbours. */
static void map_many(void *arg)
{
	const size_t n = *(size_t *)arg;
	char *map;
	size_t i;

	map = mmap(NULL, n * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		   -1, 0);
	if (map == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < n; i += 2) {
		if (mprotect(map + i * 4096, 4096, PROT_READ))
			err(1, "mprotect");
	}
}

static double cost_of_mappings(size_t n)
{
	uint64_t rss;
	double cost;
	pid_t pid;

	pid = spawn(map_many, &n);
	rss = read_full(pid);
	cost = cost_of(read_full, pid, rss) / n;
	if (records[0].total.vmas < n)
		errx(1, "%zu mappings made, %llu seen", n,
		     (unsigned long long)records[0].total.vmas);
	reap(pid);
	return cost;
}

void bench_mappings(size_t n)
{
	double few, many;
	int fd;

	fd = open("/proc/sys/vm/max_map_count", O_WRONLY);
	if (fd < 0 || dprintf(fd, "%zu", 2 * n) < 0)
		err(1, "max_map_count");
	close(fd);
	few = cost_of_mappings(n / 10);
	row("mapping/full", few, "instructions/mapping", NULL, 0, 0);
	many = cost_of_mappings(n);
	row("mapping/growth-10x-mappings", many, "instructions/mapping",
	    "itself among a tenth", few, GROWTH_BAR);
}
