// SPDX-License-Identifier: GPL-2.0
#include "time_left.h"

#include <stdio.h>
#include <string.h>

#include "source.h"

#define BIT(row)	(1ULL << (row))
#define CLASS(class)	BIT(MEMCLASS_CLASS_##class)
#define CLASSES		(BIT(GROWTH_THREADS) - 1)
#define ALL		(BIT(GROWTH_ROWS) - 1)
#define PRIVATE_ANON \
	(CLASS(HEAP) | CLASS(STACK) | CLASS(TSTACK) | CLASS(BSS) | CLASS(ANON))
#define MEMORY		(1U << GROWTH_SIZE | 1U << GROWTH_FIRM)
#define ADDRESS_SPACE	(1U << GROWTH_SIZE | 1U << GROWTH_VIRT)
#define MAPPINGS	(1U << GROWTH_VMAS)

/* Which figures of which rows use up what. */
static const struct {
	enum limit_of of;
	unsigned int figures;
	uint64_t rows;
} uses[] = {
	{ LIMIT_OF_MEMORY, MEMORY, ALL & ~CLASS(HUGETLB) & ~BIT(GROWTH_THREADS) },
	{ LIMIT_OF_COMMITMENT, ADDRESS_SPACE, PRIVATE_ANON },
	{ LIMIT_OF_ADDRESSES, ADDRESS_SPACE, CLASSES },
	{ LIMIT_OF_DATA, ADDRESS_SPACE, PRIVATE_ANON & ~CLASS(STACK) },
	{ LIMIT_OF_STACK, ADDRESS_SPACE, CLASS(STACK) },
	{ LIMIT_OF_MAPPINGS, MAPPINGS, CLASSES },
	{ LIMIT_OF_HUGE_PAGES, MEMORY, CLASS(HUGETLB) },
	{ LIMIT_OF_THREADS, MEMORY, BIT(GROWTH_THREADS) },
};

static bool is_used_by(enum limit_of of, const struct growth_finding *finding)
{
	size_t i;

	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (uses[i].of == of)
			return uses[i].figures & 1U << finding->figure &&
			       uses[i].rows & BIT(finding->row);
	return false;
}

static void take(struct time_left *left, const struct headroom_limit *limit, double rate)
{
	const uint64_t room = headroom_room(limit);

	if (left->limited && room / rate >= left->seconds)
		return;
	left->limited = true;
	left->room = room;
	left->seconds = room / rate;
	snprintf(left->limit, sizeof(left->limit), "%s", limit->name);
	snprintf(left->cgroup, sizeof(left->cgroup), "%s", limit->cgroup ?: "");
}

/* The machine is no process: what it has in all is limited by what there is. */
void time_left_find(struct time_left *left, const struct subject *subject,
		    const struct growth_finding *finding)
{
	const struct process process = { .pid = subject->pid, .start_ns = subject->start_ns };
	struct headroom headroom;
	size_t i;

	memset(left, 0, sizeof(*left));
	if (finding->trend.per_second <= 0)
		return;
	if (subject->pid)
		headroom_of_process(&headroom, &process);
	/* What has ended grows no more, but may come again. */
	if (!subject->pid || !headroom.nr)
		headroom_of_machine(&headroom);
	for (i = 0; i < headroom.nr; i++)
		if (is_used_by(headroom.limits[i].of, finding))
			take(left, &headroom.limits[i], finding->trend.per_second);
	headroom_free(&headroom);
}
