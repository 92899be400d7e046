/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FINDINGS_H
#define FINDINGS_H

#include "columns.h"
#include "subject.h"
#include "time_left.h"

/* What is said of a figure of a subject, and what there is to say of it beside. */
struct finding {
	const struct subject *subject;
	struct growth_finding growth;
	double share;			/* of all growth that was seen */
	struct time_left left;
};

/* Those that are suspected first, then those that grow most. */
struct findings {
	struct finding *all;
	size_t count;
	size_t suspected;
};

/*
 * @samples: how many were taken in all, as growth_judge() wants it. Return: false, out of
 * memory, which was complained about; findings_free() can be called all the same.
 */
bool findings_read(struct findings *findings, const struct subjects *subjects,
		   uint64_t samples);
void findings_free(struct findings *findings);

bool finding_is_suspected(const struct finding *finding);
bool finding_is_machine(const struct finding *finding);

/* The class that grows, or what that is no class. */
const char *finding_name(const struct finding *finding, char buffer[CLASS_NAME_MAX]);
extern const char *const growth_figure_names[NR_GROWTH_FIGURES];

/* Threads and mappings are counted, all else is in bytes. */
bool finding_in_bytes(const struct growth_finding *finding);

/* Of several that are about one leak, this one stands for all; @i is a suspected one. */
bool finding_is_most_urgent(const struct findings *findings, size_t i);

#endif /* FINDINGS_H */
