// SPDX-License-Identifier: GPL-2.0
/* What a memory cgroup may have, and how much of that is left. */
#include "cgroup_limits.h"

#include <string.h>

#include "cgroup_file.h"

/* The names of the files of v2, and of v1. */
struct file_names {
	const char *current, *limit, *high, *swap_current, *swap_limit;
};

static const struct file_names names_v2 = {
	.current = "memory.current",
	.limit = "memory.max",
	.high = "memory.high",
	.swap_current = "memory.swap.current",
	.swap_limit = "memory.swap.max",
};

/* What v1 calls swap is memory and swap together: that is none of these. */
static const struct file_names names_v1 = {
	.current = "memory.usage_in_bytes",
	.limit = "memory.limit_in_bytes",
};

static struct figure read_figure(const struct cgroup_place *place, const char *file)
{
	struct figure figure = { 0 };

	figure.known = file && cgroup_file_number(place, place->path, file, &figure.value);
	return figure;
}

static void read_figures(struct cgroup_limits *limits, const struct cgroup_place *place)
{
	const struct file_names *names = &names_v2;

	/* v2's root has none of its files; v1's has all. */
	if (read_figure(place, names_v1.current).known)
		names = &names_v1;
	limits->current = read_figure(place, names->current);
	limits->limit = read_figure(place, names->limit);
	limits->high = read_figure(place, names->high);
	limits->swap_current = read_figure(place, names->swap_current);
	limits->swap_limit = read_figure(place, names->swap_limit);
}

static void take_headroom(struct figure *headroom, const struct figure *limit,
			  const struct figure *current)
{
	uint64_t left;

	if (!limit->known || !current->known)
		return;
	left = limit->value > current->value ? limit->value - current->value : 0;
	if (!headroom->known || left < headroom->value)
		*headroom = (struct figure) { true, left };
}

void cgroup_limits_read(struct cgroup_limits *limits, const char *path,
			const struct cgroup_limits *parent)
{
	struct cgroup_place place;

	memset(limits, 0, sizeof(*limits));
	if (cgroup_place_of_path(&place, path)) {
		read_figures(limits, &place);
		cgroup_place_free(&place);
	}
	if (parent)
		limits->headroom = parent->headroom;
	take_headroom(&limits->headroom, &limits->limit, &limits->current);
	take_headroom(&limits->headroom, &limits->high, &limits->current);
}
