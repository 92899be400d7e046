// SPDX-License-Identifier: GPL-2.0
/* What a cgroup may have, and what it has. */
#include "cgroup_limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *max;
	const char *used;
	enum limit_of of;
} files[NR_CGROUP_LIMITS] = {
	[CGROUP_MEMORY_MAX] = { "memory.max", "memory.current", LIMIT_OF_MEMORY },
	[CGROUP_MEMORY_HIGH] = { "memory.high", "memory.current", LIMIT_OF_MEMORY },
	[CGROUP_SWAP_MAX] = { "memory.swap.max", "memory.swap.current", LIMIT_OF_SWAP },
	[CGROUP_PIDS_MAX] = { "pids.max", "pids.current", LIMIT_OF_THREADS },
	[CGROUP_V1_MEMORY] = { "memory.limit_in_bytes", "memory.usage_in_bytes", LIMIT_OF_MEMORY },
	[CGROUP_V1_MEMORY_AND_SWAP] = { "memory.memsw.limit_in_bytes",
					"memory.memsw.usage_in_bytes", LIMIT_OF_MEMORY },
};

static struct figure read_figure(const struct cgroup_place *place, const char *path,
				 const char *file)
{
	struct figure figure = { 0 };

	figure.known = cgroup_file_number(place, path, file, &figure.value);
	return figure;
}

/* What v1 counts of a cgroup alone has the plain names, and is a part of the total. */
static uint64_t read_files(const struct cgroup_place *place, const char *path)
{
	uint64_t value, own = 0, total = 0;
	char name[64], *stat;
	FILE *file;

	if (asprintf(&stat, "%s%s/memory.stat", place->mount, path) < 0)
		return 0;
	file = fopen(stat, "re");
	free(stat);
	if (!file)
		return 0;
	while (fscanf(file, "%63s %" SCNu64, name, &value) == 2) {
		if (!strcmp(name, "active_file") || !strcmp(name, "inactive_file"))
			own += value;
		else if (!strcmp(name, "total_active_file") || !strcmp(name, "total_inactive_file"))
			total += value;
	}
	fclose(file);
	return total ?: own;
}

void cgroup_limits_read(struct cgroup_limits *limits, const struct cgroup_place *place,
			const char *path)
{
	bool limited = false;
	size_t i;

	memset(limits, 0, sizeof(*limits));
	for (i = 0; i < NR_CGROUP_LIMITS; i++) {
		limits->of[i].max = read_figure(place, path, files[i].max);
		limits->of[i].used = read_figure(place, path, files[i].used);
		limited |= files[i].of == LIMIT_OF_MEMORY && limits->of[i].max.known;
	}
	if (limited)
		limits->files = read_files(place, path);
}

void cgroup_limits_add(const struct cgroup_limits *limits, const char *path,
		       struct headroom *headroom)
{
	size_t i;

	for (i = 0; i < NR_CGROUP_LIMITS; i++) {
		struct headroom_limit limit = { .name = files[i].max, .of = files[i].of };

		if (!limits->of[i].max.known || !limits->of[i].used.known)
			continue;
		limit.max = limits->of[i].max.value;
		limit.used = limits->of[i].used.value;
		if (limit.of == LIMIT_OF_MEMORY)
			limit.droppable = limits->files;
		limit.cgroup = strdup(*path ? path : "/");
		headroom_add(headroom, limit);
	}
}

static void add_up_to_root(struct headroom *headroom, const struct cgroup_place *place)
{
	char *path = strdup(place->path), *slash;
	struct cgroup_limits limits;

	while (path) {
		cgroup_limits_read(&limits, place, path);
		cgroup_limits_add(&limits, path, headroom);
		slash = strrchr(path, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	free(path);
}

/* In v1 there is a hierarchy for each kind of limit, in v2 one for all. */
void cgroup_limits_of_process(struct headroom *headroom, pid_t pid)
{
	static const char *const controllers[] = { "memory", "pids" };
	struct cgroup_place place;
	bool v2_done = false;
	size_t i;

	for (i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		if (!cgroup_place_of_process(&place, pid, controllers[i]))
			continue;
		if (!place.v2 || !v2_done)
			add_up_to_root(headroom, &place);
		v2_done |= place.v2;
		cgroup_place_free(&place);
	}
}
