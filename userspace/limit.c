// SPDX-License-Identifier: GPL-2.0
/*
 * The limits that the kernel sets to memory. Each is asked for anew, at the end of a
 * watch: what else runs on the machine takes from the same room.
 */
#include "limit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "machine.h"

#define CGROUPS		"/sys/fs/cgroup"

/* More than any address space. */
#define NO_LIMIT	UINT64_MAX

/* Return: whether the file is one number; "max" is NO_LIMIT. */
static bool read_number(const char *path, uint64_t *number)
{
	FILE *file = fopen(path, "re");
	char word[32];
	bool read;

	if (!file)
		return false;
	read = fscanf(file, "%31s", word) == 1;
	fclose(file);
	if (!read)
		return false;
	if (!strcmp(word, "max"))
		*number = NO_LIMIT;
	else if (sscanf(word, "%" SCNu64, number) != 1)
		return false;
	return true;
}

static uint64_t above(uint64_t most, uint64_t now)
{
	return most > now ? most - now : 0;
}

/*
 * Control groups: that of the process and all around it.
 */

/* Only those of version 2, where each process is in one. */
bool limit_cgroup_of(pid_t pid, char *path, size_t size)
{
	char name[32], line[4096];
	bool found = false;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", pid);
	file = fopen(name, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		found = !strncmp(line, "0::/", 4) && strlen(line + 3) < size;
	}
	fclose(file);
	if (found)
		snprintf(path, size, "%s", line + 3);
	return found;
}

/* What it has of files can be dropped, and does not count against it for long. */
static uint64_t reclaimable(const char *group)
{
	char path[4200], name[64];
	uint64_t value, sum = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/memory.stat", group);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fscanf(file, "%63s %" SCNu64, name, &value) == 2)
		if (!strcmp(name, "active_file") || !strcmp(name, "inactive_file"))
			sum += value;
	fclose(file);
	return sum;
}

static bool room_in_group(const char *group, const char *controller, uint64_t *room)
{
	uint64_t most, now, files = 0;
	char path[4200];

	snprintf(path, sizeof(path), "%s/%s.max", group, controller);
	if (!read_number(path, &most) || most == NO_LIMIT)
		return false;
	snprintf(path, sizeof(path), "%s/%s.current", group, controller);
	if (!read_number(path, &now))
		return false;
	if (!strcmp(controller, "memory"))
		files = reclaimable(group);
	*room = above(most, above(now, files));
	return true;
}

/* The least room in any of the groups around it. */
static bool room_in_groups(pid_t pid, const char *controller, uint64_t *room)
{
	char path[4096], group[4160];
	bool limited = false;
	uint64_t here;

	if (!pid || !limit_cgroup_of(pid, path, sizeof(path)))
		return false;
	while (path[1]) {
		snprintf(group, sizeof(group), CGROUPS "%s", path);
		if (room_in_group(group, controller, &here) && (!limited || here < *room)) {
			*room = here;
			limited = true;
		}
		*strrchr(path, '/') = 0;
		if (!*path)
			break;
	}
	return limited;
}

static bool room_group_memory(pid_t pid, uint64_t *room)
{
	return room_in_groups(pid, "memory", room);
}

static bool room_group_threads(pid_t pid, uint64_t *room)
{
	return room_in_groups(pid, "pids", room);
}

/*
 * Limits of the process itself.
 */

/* A line of /proc/PID/status: "Name:  NUMBER kB". */
static bool read_status(pid_t pid, const char *name, uint64_t *bytes)
{
	char path[32], line[128], found[32];
	bool read = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!read && fgets(line, sizeof(line), file))
		read = sscanf(line, "%31[^:]: %" SCNu64 " kB", found, bytes) == 2 &&
		       !strcmp(found, name);
	fclose(file);
	*bytes *= 1024;
	return read;
}

static bool room_in_rlimit(pid_t pid, int resource, const char *line, uint64_t *room)
{
	struct rlimit limit;
	uint64_t now;

	if (!pid || prlimit(pid, resource, NULL, &limit) || limit.rlim_cur == RLIM_INFINITY ||
	    !read_status(pid, line, &now))
		return false;
	*room = above(limit.rlim_cur, now);
	return true;
}

static bool room_rlimit_as(pid_t pid, uint64_t *room)
{
	return room_in_rlimit(pid, RLIMIT_AS, "VmSize", room);
}

static bool room_rlimit_data(pid_t pid, uint64_t *room)
{
	return room_in_rlimit(pid, RLIMIT_DATA, "VmData", room);
}

static bool room_rlimit_stack(pid_t pid, uint64_t *room)
{
	return room_in_rlimit(pid, RLIMIT_STACK, "VmStk", room);
}

/* User space is this large with four levels of page tables; five only when asked for. */
#define ADDRESSES	(1ULL << 47)

static bool room_addresses(pid_t pid, uint64_t *room)
{
	uint64_t now;

	if (!pid || !read_status(pid, "VmSize", &now))
		return false;
	*room = above(ADDRESSES, now);
	return true;
}

static bool room_mappings(pid_t pid, uint64_t *room)
{
	char path[32], line[512];
	uint64_t most, now = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	if (!pid || !read_number("/proc/sys/vm/max_map_count", &most))
		return false;
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		now += !!strchr(line, '\n');
	fclose(file);
	*room = above(most, now);
	return true;
}

/*
 * Limits of the machine.
 */

static bool room_memory(pid_t pid, uint64_t *room)
{
	struct machine machine;

	(void)pid;
	if (!machine_read(&machine))
		return false;
	*room = machine.available;
	return true;
}

static bool room_huge_pages(pid_t pid, uint64_t *room)
{
	struct machine machine;

	(void)pid;
	if (!machine_read(&machine))
		return false;
	*room = machine.huge_free;
	return true;
}

static bool room_threads(pid_t pid, uint64_t *room)
{
	FILE *file = fopen("/proc/loadavg", "re");
	uint64_t most, now;
	bool read;

	(void)pid;
	if (!file)
		return false;
	read = fscanf(file, "%*s %*s %*s %*u/%" SCNu64, &now) == 1;
	fclose(file);
	if (!read || !read_number("/proc/sys/kernel/threads-max", &most))
		return false;
	*room = above(most, now);
	return true;
}

#define BIT(row)	(1ULL << (row))
#define CLASS(class)	BIT(MEMCLASS_CLASS_##class)
#define CLASSES		(BIT(GROWTH_THREADS) - 1)
#define ALL		(BIT(GROWTH_ROWS) - 1)
#define PRIVATE_ANON \
	(CLASS(HEAP) | CLASS(STACK) | CLASS(TSTACK) | CLASS(BSS) | CLASS(ANON))
#define MEMORY		(1U << GROWTH_SIZE | 1U << GROWTH_FIRM)
#define ADDRESS_SPACE	(1U << GROWTH_SIZE | 1U << GROWTH_VIRT)
#define MAPPINGS	(1U << GROWTH_VMAS)

/* What limits which figures of which rows. */
static const struct {
	const char *name;
	unsigned int figures;
	uint64_t rows;
	bool (*room)(pid_t pid, uint64_t *room);
} limits[] = {
	{ "RAM and swap", MEMORY, ALL & ~CLASS(HUGETLB) & ~BIT(GROWTH_THREADS), room_memory },
	{ "the cgroup's memory.max", MEMORY, ALL & ~CLASS(HUGETLB) & ~BIT(GROWTH_THREADS),
	  room_group_memory },
	{ "RLIMIT_AS", ADDRESS_SPACE, CLASSES, room_rlimit_as },
	{ "RLIMIT_DATA", ADDRESS_SPACE, PRIVATE_ANON & ~CLASS(STACK), room_rlimit_data },
	{ "RLIMIT_STACK", ADDRESS_SPACE, CLASS(STACK), room_rlimit_stack },
	{ "the address space", ADDRESS_SPACE, CLASSES, room_addresses },
	{ "vm.max_map_count", MAPPINGS, CLASSES, room_mappings },
	{ "the pool of huge pages", MEMORY, CLASS(HUGETLB), room_huge_pages },
	{ "kernel.threads-max", MEMORY, BIT(GROWTH_THREADS), room_threads },
	{ "the cgroup's pids.max", MEMORY, BIT(GROWTH_THREADS), room_group_threads },
};

#define NR_LIMITS	(sizeof(limits) / sizeof(limits[0]))

bool limit_nearest(pid_t pid, const struct growth_finding *finding, struct limit *limit)
{
	double rate = finding->trend.per_second;
	bool found = false;
	uint64_t room;
	size_t i;

	if (rate <= 0)
		return false;
	for (i = 0; i < NR_LIMITS; i++) {
		if (!(limits[i].figures & 1U << finding->figure) ||
		    !(limits[i].rows & BIT(finding->row)) || !limits[i].room(pid, &room))
			continue;
		if (found && room / rate >= limit->seconds)
			continue;
		snprintf(limit->name, sizeof(limit->name), "%s", limits[i].name);
		limit->room = room;
		limit->seconds = room / rate;
		found = true;
	}
	return found;
}
