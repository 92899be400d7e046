// SPDX-License-Identifier: GPL-2.0
/* How fast the time stamp counter of this machine is, in kHz. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct moment {
	uint64_t ns;
	uint64_t ticks;
};

/* Of several looks, the one that was least interrupted. */
static struct moment now(void)
{
	struct moment best = {};
	uint64_t least = UINT64_MAX;
	int i;

	for (i = 0; i < 100; i++) {
		uint64_t before = __rdtsc(), length;
		struct timespec ts;

		clock_gettime(CLOCK_MONOTONIC, &ts);
		length = __rdtsc() - before;
		if (length < least) {
			least = length;
			best.ns = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
			best.ticks = before + length / 2;
		}
	}
	return best;
}

int main(void)
{
	const struct timespec while_it_runs = { .tv_nsec = 50000000 };
	struct moment first = now(), last;

	nanosleep(&while_it_runs, NULL);
	last = now();
	return printf("%.0f\n", 1e6 * (last.ticks - first.ticks) / (last.ns - first.ns)) < 0;
}
