// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "parts.h"
#include "reader.h"
#include "target.h"

struct region {
	size_t bytes;
	int advice;
	int fd;
};

static void map_region(void *arg)
{
	const struct region *region = arg;
	const size_t huge = 2 << 20;
	char *map, *end;

	if (region->fd < 0)
		map = mmap(NULL, region->bytes + huge, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	else
		map = mmap(NULL, region->bytes, PROT_READ, MAP_SHARED, region->fd, 0);
	if (map == MAP_FAILED)
		err(1, "mmap");
	if (region->fd < 0) {
		map = (char *)(((uintptr_t)map + huge - 1) & -huge);
		if (madvise(map, region->bytes, region->advice))
			err(1, "madvise");
	}
	for (end = map + region->bytes; map < end; map += 4096) {
		if (region->fd < 0)
			*map = 1;
		else
			*(volatile char *)map;
	}
}

#define KPF_COMPOUND	(1ULL << 15 | 1ULL << 16)

/* Which part of a file's cached pages is in large folios? */
static double in_large_folios(const struct region *region)
{
	const size_t pages = region->bytes / 4096;
	char *map = mmap(NULL, region->bytes, PROT_READ, MAP_SHARED, region->fd, 0);
	int pagemap = open_or_die("/proc/self/pagemap");
	int kpageflags = open_or_die("/proc/kpageflags");
	uint64_t entry, flags;
	size_t i, large = 0;

	if (map == MAP_FAILED)
		err(1, "mmap");
	/* Of so many, one in so many tells. */
	for (i = 0; i < pages; i += 61) {
		*(volatile char *)(map + i * 4096);
		if (pread(pagemap, &entry, 8, ((uintptr_t)map / 4096 + i) * 8) != 8 ||
		    pread(kpageflags, &flags, 8, (entry & ((1ULL << 55) - 1)) * 8) != 8)
			err(1, "flags of a page");
		large += !!(flags & KPF_COMPOUND);
	}
	munmap(map, region->bytes);
	close(pagemap);
	close(kpageflags);
	return large * 61. / pages;
}

static void bench_region(const char *name, const struct region *region, double bar,
			 double cheap_bar)
{
	const double pages = region->bytes / 4096;
	double full, cheap, rollup, smaps;
	char label[64];
	uint64_t rss;
	pid_t pid;

	pid = spawn(map_region, (void *)region);
	rss = read_rollup(pid);
	rollup = cost_of(read_rollup, pid, rss);
	smaps = cost_of(read_smaps, pid, rss);
	full = cost_of(read_full, pid, rss);
	snprintf(label, sizeof(label), "page/%s/full", name);
	row(label, full / pages, "instructions/page", "smaps_rollup", rollup / pages, bar);
	row(label, full / pages, "instructions/page", "smaps", smaps / pages, 0);
	snprintf(label, sizeof(label), "page/%s/longest-hold", name);
	row(label, records[0].cost.max_hold_ns, "instructions", "smaps_rollup", rollup, 0);
	cheap = cost_of(read_cheap, pid, rss);
	snprintf(label, sizeof(label), "page/%s/cheap", name);
	row(label, cheap / pages, "instructions/page", "smaps_rollup", rollup / pages,
	    cheap_bar);
	reap(pid);
}

void bench_regions(size_t bytes, const char *file)
{
	struct region region = { .bytes = bytes, .fd = -1 };

	region.advice = MADV_NOHUGEPAGE;
	bench_region("base", &region, 1.0 / 3, 1.0 / 8);
	region.advice = MADV_HUGEPAGE;
	bench_region("thp", &region, 0, 0);
	if (!file)
		return;
	region.fd = open_or_die(file);
	row("page/file/in-large-folios", 100 * in_large_folios(&region), "% of pages", NULL, 0,
	    0);
	bench_region("file", &region, 0, 0);
	close(region.fd);
}
