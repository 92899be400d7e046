// SPDX-License-Identifier: GPL-2.0
/*
 * The longest wait of a process that is read, as it measures it itself: under
 * memclass and under /proc, in one run. To be run with a clock that counts
 * instructions, on which nothing else disturbs it. Prints a JSON row a line.
 *
 * bench_harm [MIB]
 */
#include "bench_row.h"
#include "harm_target.h"

#include <err.h>

#define ROUNDS	3

/* A row; @peer and @bar may be missing. */
static void row(const char *name, double value, const char *unit, const char *peer,
		double peer_value, double bar)
{
	bench_row(name, value, unit, peer, peer ? value / peer_value : 0, bar);
}

static void measure(size_t size, unsigned int mappings, struct harm_waits *waits)
{
	struct harm *harm = harm_alloc(size, mappings);
	struct child target = harm_begin(harm);
	unsigned int reader, i;

	memset(waits, 0, HARM_NR_READERS * sizeof(*waits));
	if (target.pid < 0)
		errx(1, "there is no room for %zu bytes", size);
	for (i = 0; i < ROUNDS; i++)
		for (reader = 0; reader < HARM_NR_READERS; reader++)
			if (!harm_round_add(harm, target.pid, reader, &waits[reader]))
				errx(1, "the target cannot be read");
	child_end(&target);
}

int main(int argc, char **argv)
{
	struct harm_waits large[HARM_NR_READERS], small[HARM_NR_READERS];
	struct harm_waits many[HARM_NR_READERS];
	const size_t size = (argc > 1 ? atol(argv[1]) : 2048) * MIB;
	unsigned int reader;
	char name[64];

	measure(size, 1, large);
	measure(size / 8, 1, small);
	measure(size / 8, 20000, many);
	for (reader = 0; reader < HARM_NR_READERS; reader++) {
		const bool ours = reader == HARM_RECORDS || reader == HARM_CHEAP ||
				  reader == HARM_VMAS;

		snprintf(name, sizeof(name), "longest mmap, %s", harm_names[reader]);
		row(name, large[reader].map_ns / 1e3, "us", ours ? "smaps_rollup" : NULL,
		    large[HARM_ROLLUP].map_ns / 1e3, ours ? 1. / 20 : 0);
		snprintf(name, sizeof(name), "longest fault, %s", harm_names[reader]);
		row(name, large[reader].fault_ns / 1e3, "us", NULL, 0, 0);
	}
	row("longest hold, records", large[HARM_RECORDS].hold_ns / 1e3, "us",
	    "an eighth of it", small[HARM_RECORDS].hold_ns / 1e3, 1.25);
	row("longest hold, 20000 mappings", many[HARM_RECORDS].hold_ns / 1e3, "us",
	    "one mapping", small[HARM_RECORDS].hold_ns / 1e3, 1.25);
	row("longest mmap, 20000 mappings", many[HARM_RECORDS].map_ns / 1e3, "us",
	    "smaps_rollup", many[HARM_ROLLUP].map_ns / 1e3, 0);
	return 0;
}
