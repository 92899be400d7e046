// SPDX-License-Identifier: GPL-2.0
#include "findings.h"

#include <math.h>
#include <stdlib.h>

#include "say.h"

bool finding_is_suspected(const struct finding *finding)
{
	return verdicts[finding->growth.verdict].suspected;
}

bool finding_is_machine(const struct finding *finding)
{
	return !finding->subject->pid;
}

bool finding_in_bytes(const struct growth_finding *finding)
{
	return finding->row != GROWTH_THREADS && finding->figure != GROWTH_VMAS;
}

/* What is no class. */
static const char *const names[GROWTH_ROWS] = {
	[GROWTH_THREADS] = "threads",
	[GROWTH_PAGE_TABLES] = "page-tables",
	[GROWTH_SHMEM] = "unmapped-shmem",
	[GROWTH_SLAB] = "slab",
	[GROWTH_RESIDUE] = "residue",
};

const char *finding_name(const struct finding *finding, char buffer[CLASS_NAME_MAX])
{
	return names[finding->growth.row] ?: class_name(buffer, finding->growth.row);
}

const char *const growth_figure_names[NR_GROWTH_FIGURES] = {
	[GROWTH_SIZE] = "size",
	[GROWTH_FIRM] = "firm",
	[GROWTH_VIRT] = "virt",
	[GROWTH_VMAS] = "vmas",
};

static bool add(struct findings *findings, const struct subjects *subjects,
		const struct subject *subject, uint64_t samples)
{
	struct growth_finding found[GROWTH_ROWS];
	size_t count = growth_judge(subject->growth, samples, found), i;
	struct finding *more, *finding;

	more = realloc(findings->all, (findings->count + count + 1) * sizeof(*more));
	if (!more)
		return false;
	findings->all = more;
	for (i = 0; i < count; i++) {
		finding = &findings->all[findings->count++];
		*finding = (struct finding) { .subject = subject, .growth = found[i] };
		findings->suspected += finding_is_suspected(finding);
		/* The limits are of now, and of this machine. */
		if (finding_is_suspected(finding) && !subjects->capture)
			time_left_find(&finding->left, subject, &finding->growth);
	}
	return true;
}

/* Bytes that are in no other row as well. */
static double growth_of(const struct finding *finding)
{
	if (finding->growth.row == GROWTH_THREADS || finding->growth.size_per_second < 0)
		return 0;
	return finding->growth.size_per_second;
}

static void find_shares(struct findings *findings)
{
	double all = 0;
	size_t i;

	for (i = 0; i < findings->count; i++)
		all += growth_of(&findings->all[i]);
	for (i = 0; all > 0 && i < findings->count; i++)
		findings->all[i].share = growth_of(&findings->all[i]) / all;
}

static int compare(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	double rate_a = a->growth.size_per_second, rate_b = b->growth.size_per_second;

	if (finding_is_suspected(a) != finding_is_suspected(b))
		return finding_is_suspected(b) - finding_is_suspected(a);
	if (rate_a != rate_b)
		return rate_a < rate_b ? 1 : -1;
	if (a->subject->pid != b->subject->pid)
		return a->subject->pid < b->subject->pid ? -1 : 1;
	return (int)a->growth.row - (int)b->growth.row;
}

bool findings_read(struct findings *findings, const struct subjects *subjects,
		   uint64_t samples)
{
	size_t i;

	*findings = (struct findings) { 0 };
	for (i = 0; i < subjects->count; i++) {
		if (!add(findings, subjects, subjects->all[i], samples)) {
			say_error("out of memory");
			return false;
		}
	}
	find_shares(findings);
	if (findings->count)
		qsort(findings->all, findings->count, sizeof(*findings->all), compare);
	return true;
}

void findings_free(struct findings *findings)
{
	free(findings->all);
	*findings = (struct findings) { 0 };
}

/* Several can be about the same leak: a thread has more than one mapping. */
static bool is_same_leak(const struct finding *a, const struct finding *b)
{
	return a->subject == b->subject && a->growth.verdict == b->growth.verdict;
}

/* Nothing else limits it: as good as never. */
static double seconds_left(const struct finding *finding)
{
	return finding->left.limited ? finding->left.seconds : HUGE_VAL;
}

/* The one that runs into a limit first. */
bool finding_is_most_urgent(const struct findings *findings, size_t i)
{
	const struct finding *finding = &findings->all[i], *other;

	for (other = findings->all; other < findings->all + findings->suspected; other++) {
		if (!is_same_leak(finding, other))
			continue;
		if (seconds_left(other) < seconds_left(finding) ||
		    (other < finding && seconds_left(other) == seconds_left(finding)))
			return false;
	}
	return true;
}
