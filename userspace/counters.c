// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own counters: /proc/meminfo, /proc/vmstat, and what stands elsewhere. Only
 * the first has to be there.
 */
#include "counters.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

#define MEMINFO		"/proc/meminfo"
#define HUGEPAGES	"/sys/kernel/mm/hugepages"
#define BLOCK		"/sys/block"

/* Return: false when there is no memory. */
bool counters_add(struct counters *counters, const char *name, uint64_t value)
{
	struct counter *more;

	if (counters->nr == counters->room) {
		counters->room = counters->room ? 2 * counters->room : 256;
		more = realloc(counters->list, counters->room * sizeof(*more));
		if (!more)
			return false;
		counters->list = more;
	}
	more = &counters->list[counters->nr++];
	snprintf(more->name, sizeof(more->name), "%s", name);
	more->value = value;
	return true;
}

/*
 * A line is a name, what ends it, and a number. There are hundreds of them, and this takes a
 * tenth of what sscanf() does.
 * Return: what comes after the number, NULL when that is no such line. Ends the name.
 */
static const char *split(char *line, char ends, uint64_t *value)
{
	char *number = strchr(line, ends), *end;

	if (!number)
		return NULL;
	*number++ = '\0';
	*value = strtoull(number, &end, 10);
	return end == number ? NULL : end;
}

/* "Name:  12 kB", and some without a unit, which are not of memory. */
static bool read_meminfo(struct counters *counters, FILE *file)
{
	const char *unit;
	char line[256];
	uint64_t value;

	while (fgets(line, sizeof(line), file)) {
		unit = split(line, ':', &value);
		if (unit && !counters_add(counters, line, *unit == ' ' ? value * 1024 : value))
			return false;
	}
	return true;
}

/* Those that begin with nr_ are pages, but for one; the others are events. */
static bool is_pages(const char *name)
{
	return !strncmp(name, "nr_", 3) && strcmp(name, "nr_kernel_stack");
}

static bool read_vmstat(struct counters *counters, FILE *file)
{
	uint64_t value, page = sysconf(_SC_PAGESIZE);
	char line[256];

	while (fgets(line, sizeof(line), file))
		if (split(line, ' ', &value) &&
		    !counters_add(counters, line, is_pages(line) ? value * page : value))
			return false;
	return true;
}

/* Each processor keeps free pages of each zone, which MemFree leaves out. */
static bool read_zoneinfo(struct counters *counters, FILE *file)
{
	uint64_t value, pages = 0;
	char line[256], *name;

	while (fgets(line, sizeof(line), file)) {
		name = line + strspn(line, " ");
		if (!strncmp(name, "count:", strlen("count:")) && split(name, ':', &value))
			pages += value;
	}
	return counters_add(counters, COUNTER_FREE_LISTS, pages * sysconf(_SC_PAGESIZE));
}

/* Return: false when there is no memory. What is not there has no counters. */
static bool read_file(struct counters *counters, const char *path,
		      bool (*read)(struct counters *counters, FILE *file))
{
	FILE *file = fopen(path, "re");
	bool done;

	if (!file)
		return true;
	done = read(counters, file);
	fclose(file);
	return done;
}

/* The first number in a file of some directory, or 0. */
static uint64_t read_number(const char *directory, const char *entry, const char *name)
{
	char path[512];
	uint64_t value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/%s", directory, entry, name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%" SCNu64, &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

/* A pool for each size: "hugepages-2048kB". */
static bool read_hugetlb(struct counters *counters)
{
	uint64_t total = 0, free = 0, reserved = 0, size;
	const struct dirent *entry;
	DIR *directory = opendir(HUGEPAGES);

	while (directory && (entry = readdir(directory))) {
		if (sscanf(entry->d_name, "hugepages-%" SCNu64 "kB", &size) != 1)
			continue;
		size *= 1024;
		total += size * read_number(HUGEPAGES, entry->d_name, "nr_hugepages");
		free += size * read_number(HUGEPAGES, entry->d_name, "free_hugepages");
		reserved += size * read_number(HUGEPAGES, entry->d_name, "resv_hugepages");
	}
	if (directory)
		closedir(directory);
	return counters_add(counters, COUNTER_HUGETLB_TOTAL, total) &&
	       counters_add(counters, COUNTER_HUGETLB_FREE, free) &&
	       counters_add(counters, COUNTER_HUGETLB_RESERVED, reserved < free ? reserved : free);
}

/* The third number of mm_stat is what the device takes in all. */
static uint64_t zram_used(const char *device)
{
	char path[512];
	uint64_t used = 0;
	FILE *file;

	snprintf(path, sizeof(path), BLOCK "/%s/mm_stat", device);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%*u %*u %" SCNu64, &used) != 1)
		used = 0;
	fclose(file);
	return used;
}

static bool read_zram(struct counters *counters)
{
	const struct dirent *entry;
	DIR *directory = opendir(BLOCK);
	uint64_t used = 0;

	while (directory && (entry = readdir(directory)))
		if (!strncmp(entry->d_name, "zram", 4))
			used += zram_used(entry->d_name);
	if (directory)
		closedir(directory);
	return counters_add(counters, COUNTER_ZRAM, used);
}

enum status counters_read_meminfo(struct counters *counters)
{
	bool done;

	memset(counters, 0, sizeof(*counters));
	done = read_file(counters, MEMINFO, read_meminfo);
	if (done && counters_get(counters, "MemTotal"))
		return STATUS_OK;
	say_error("cannot read " MEMINFO ": %s", done ? "MemTotal is missing" : "out of memory");
	counters_free(counters);
	return STATUS_FAILURE;
}

enum status counters_read(struct counters *counters)
{
	enum status status = counters_read_meminfo(counters);

	if (status)
		return status;
	/* First what belongs together: pages go to and fro between MemFree and the lists. */
	if (read_file(counters, "/proc/zoneinfo", read_zoneinfo) &&
	    read_file(counters, "/proc/vmstat", read_vmstat) && read_hugetlb(counters) &&
	    read_zram(counters))
		return STATUS_OK;
	say_error("out of memory");
	counters_free(counters);
	return STATUS_FAILURE;
}

void counters_free(struct counters *counters)
{
	free(counters->list);
	memset(counters, 0, sizeof(*counters));
}

bool counters_find(const struct counters *counters, const char *name, uint64_t *value)
{
	size_t i;

	for (i = 0; i < counters->nr; i++) {
		if (!strcmp(counters->list[i].name, name)) {
			*value = counters->list[i].value;
			return true;
		}
	}
	return false;
}

uint64_t counters_get(const struct counters *counters, const char *name)
{
	uint64_t value;

	return counters_find(counters, name, &value) ? value : 0;
}

uint64_t counters_residue(const struct counters *counters)
{
	static const char *const known[] = {
		"MemFree",
		COUNTER_FREE_LISTS,
		"Buffers",
		"Cached",
		"SwapCached",
		"AnonPages",
		"Slab",
		"KernelStack",
		"PageTables",
		"SecPageTables",
		"Bounce",
		"Percpu",
		"Zswap",
		"Hugetlb",
		"Unaccepted",
		"Balloon",
	};
	uint64_t total = counters_get(counters, "MemTotal"), sum = 0;
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		sum += counters_get(counters, known[i]);
	return total > sum ? total - sum : 0;
}
