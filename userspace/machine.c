// SPDX-License-Identifier: GPL-2.0
#include "machine.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What one line of /proc/meminfo is added to, or taken from. */
struct lines {
	uint64_t total;
	uint64_t known;			/* of the total, it is told where it is */
	uint64_t available;
	uint64_t shmem;
	uint64_t slab;
	uint64_t huge_free;		/* pages */
	uint64_t huge_size;
};

static const struct line {
	const char *name;
	uint64_t scale;
	size_t member;
} lines[] = {
#define LINE(name, scale, member) \
	{ \
		name, scale, offsetof(struct lines, member) \
	}
	LINE("MemTotal", 1024, total),
	LINE("MemFree", 1024, known),
	LINE("Buffers", 1024, known),
	LINE("Cached", 1024, known),
	LINE("SwapCached", 1024, known),
	LINE("AnonPages", 1024, known),
	LINE("Slab", 1024, known),
	LINE("KernelStack", 1024, known),
	LINE("PageTables", 1024, known),
	LINE("SecPageTables", 1024, known),
	LINE("Bounce", 1024, known),
	LINE("Percpu", 1024, known),
	LINE("Zswap", 1024, known),
	LINE("Hugetlb", 1024, known),
	LINE("Unaccepted", 1024, known),
	LINE("Balloon", 1024, known),
	LINE("MemAvailable", 1024, available),
	LINE("SwapFree", 1024, available),
	LINE("Shmem", 1024, shmem),
	LINE("SUnreclaim", 1024, slab),
	LINE("HugePages_Free", 1, huge_free),
	LINE("Hugepagesize", 1024, huge_size),
#undef LINE
};

#define NR_LINES	(sizeof(lines) / sizeof(lines[0]))

static void take_line(struct lines *sums, const char *text)
{
	uint64_t value;
	char name[32];
	size_t i;

	if (sscanf(text, "%31[^:]: %" SCNu64, name, &value) != 2)
		return;
	for (i = 0; i < NR_LINES; i++)
		if (!strcmp(name, lines[i].name))
			*(uint64_t *)((char *)sums + lines[i].member) += value * lines[i].scale;
}

static bool read_meminfo(struct lines *sums)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char text[128];

	if (!file)
		return false;
	while (fgets(text, sizeof(text), file))
		take_line(sums, text);
	fclose(file);
	return sums->total;
}

/*
 * Free pages that processors keep at hand are not in MemFree: several MiB each, which
 * come and go.
 */
static uint64_t read_kept_at_hand(void)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	uint64_t pages = 0, count;
	char text[128];

	if (!file)
		return 0;
	while (fgets(text, sizeof(text), file))
		if (sscanf(text, " count: %" SCNu64, &count) == 1)
			pages += count;
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

bool machine_read(struct machine *machine)
{
	struct lines sums = { 0 };

	if (!read_meminfo(&sums))
		return false;
	sums.known += read_kept_at_hand();
	*machine = (struct machine) {
		.available = sums.available,
		.shmem = sums.shmem,
		.slab = sums.slab,
		.residue = sums.total > sums.known ? sums.total - sums.known : 0,
		.huge_free = sums.huge_free * sums.huge_size,
	};
	return true;
}
