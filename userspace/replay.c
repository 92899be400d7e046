// SPDX-License-Identifier: GPL-2.0
#include "replay.h"

#include <string.h>

#include "capture.h"

/* A trend has fewer points: nobody has to wait for the samples of weeks. */
#define SAMPLES_MAX	512

size_t replay_samples(const struct source *capture)
{
	size_t samples = capture_nr_samples(capture);

	return samples < SAMPLES_MAX ? samples : SAMPLES_MAX;
}

uint64_t replay_choose(struct source *capture, size_t i)
{
	size_t last = capture_nr_samples(capture) - 1;

	return capture_choose(capture, i ? i * last / (replay_samples(capture) - 1) : 0)->boot_ns;
}

/* What some processes have does not tell what the others do not have. */
bool replay_add_machine(struct subjects *subjects, struct source *capture)
{
	const char *which = capture_fact(capture, FACT_PROCESSES);

	return !which || strcmp(which, "all") || subjects_add_machine(subjects);
}
