// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: the ledger has what is swapped out to compressed memory, and what comes back from
 * there: nothing of it goes into the residue.
 *
 * Oracle: arithmetic; VmSwap of /proc/PID/status, and the kernel's counters. Needs swap on
 * zram.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "client/ledger.h"
#include "lib/child.h"
#include "lib/patience.h"
#include "lib/settings.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define PAGE		4096UL
#define LENGTH		(32 * MIB)

/* One part in so many of all memory. */
#define TOLERANCE	200

/* What swapping brings with it is not read ahead. */
#define CLUSTER		"/proc/sys/vm/page-cluster"

FIXTURE(swap)
{
	struct settings settings;
	struct ledger before;
	struct ledger after;
	int64_t tolerance;
	char *map;
};

FIXTURE_VARIANT(swap)
{
	int flags;
};

FIXTURE_VARIANT_ADD(swap, anon) {
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(swap, shmem) {
	.flags = MAP_SHARED | MAP_ANONYMOUS,
};

/* Half of each page is of chance: it compresses to about that. */
static void fill(char *map, size_t length)
{
	uint64_t chance = 88172645463325252ULL;
	size_t page, i;

	for (page = 0; page < length; page += PAGE) {
		uint64_t *words = (uint64_t *)(map + page);

		for (i = 0; i < PAGE / 2 / sizeof(*words); i++) {
			chance ^= chance << 13;
			chance ^= chance >> 7;
			chance ^= chance << 17;
			words[i] = chance;
		}
	}
}

static uint64_t in_memory(char *map, size_t length)
{
	static unsigned char there[LENGTH / PAGE];
	uint64_t pages = 0;
	size_t i;

	if (mincore(map, length, there))
		return length;
	for (i = 0; i < length / PAGE; i++)
		pages += there[i] & 1;
	return pages * PAGE;
}

/* Nearly all: single pages can be held by somebody for a moment. */
static bool swap_out(char *map, size_t length)
{
	unsigned int i;

	for (i = 0; i < 100 && in_memory(map, length) > length / 64; i++) {
		if (madvise(map, length, MADV_PAGEOUT))
			return false;
		usleep(20000);
	}
	return in_memory(map, length) <= length / 64;
}

FIXTURE_SETUP(swap)
{
	static const char *const settings[] = { CLUSTER, NULL };
	struct sysinfo info;

	if (!module_is_there())
		SKIP(return, "needs the module");
	sysinfo(&info);
	if (info.freeswap * info.mem_unit < 2 * LENGTH)
		SKIP(return, "needs %lu MiB of swap on zram", 2 * LENGTH / MIB);
	settings_keep(&self->settings, settings);
	setting_write(CLUSTER, "0");
	system_settle();
	self->map = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, variant->flags, -1, 0);
	ASSERT_NE(MAP_FAILED, self->map);
	fill(self->map, LENGTH);
	ASSERT_TRUE(ledger_take(&self->before));
	self->tolerance = ledger_total(&self->before) / TOLERANCE;
}

FIXTURE_TEARDOWN(swap)
{
	ledger_free(&self->before);
	ledger_free(&self->after);
	settings_restore(&self->settings);
}

static bool residue_stays(FIXTURE_DATA(swap) * self)
{
	const struct ledger_growth residue[] = { { "residue", 0, self->tolerance }, {} };

	return ledger_await(&self->after, &self->before, residue);
}

static int64_t grown(const FIXTURE_DATA(swap) * self, const char *line)
{
	return ledger_bytes(&self->after, line) - ledger_bytes(&self->before, line);
}

TEST_F(swap, out_and_in)
{
	const char *line = variant->flags & MAP_SHARED ? "processes.shmem" : "processes.anon";
	const struct json *swap;

	ASSERT_TRUE(swap_out(self->map, LENGTH));
	EXPECT_TRUE(residue_stays(self));
	EXPECT_GT(-(int64_t)(LENGTH / 10 * 9), grown(self, line));
	/* Half of it compresses to nothing, and the other half not at all. */
	EXPECT_LT((int64_t)LENGTH / 3, grown(self, "compressed.zram"))
	TH_LOG("%" PRId64, grown(self, "compressed.zram"));
	EXPECT_GT((int64_t)LENGTH / 4 * 3, grown(self, "compressed.zram"))
	TH_LOG("%" PRId64, grown(self, "compressed.zram"));
	EXPECT_GE((int64_t)MIB, llabs(ledger_difference(&self->after, "compressed")));
	/* What others read meanwhile, now that the cache is empty, was free too. */
	EXPECT_LT((int64_t)LENGTH / 10 * 2,
		  grown(self, "free") + grown(self, "unmapped.cache") + grown(self, "processes.file"));
	swap = json_member(self->after.run.json, "swap");
	EXPECT_LE(LENGTH / 10 * 9, json_number(swap, "processes"));
	EXPECT_LE(json_number(swap, "free") + LENGTH / 10 * 9, json_number(swap, "total"));

	/* Read, not written to: they can be here and there at the same time. */
	ASSERT_EQ(0, madvise(self->map, LENGTH, MADV_WILLNEED));
	for (size_t at = 0; at < LENGTH; at += PAGE)
		*(volatile char *)(self->map + at);
	EXPECT_TRUE(residue_stays(self));
	EXPECT_GE((int64_t)(LENGTH / 10), llabs(grown(self, line)))
	TH_LOG("%s: %" PRId64, line, grown(self, line));
	EXPECT_GE(self->tolerance, llabs(ledger_difference(&self->after, "processes.anon")));
}

/* In the swap cache, and of no process. */
TEST_F(swap, cached)
{
	ASSERT_TRUE(swap_out(self->map, LENGTH));
	ASSERT_EQ(0, madvise(self->map, LENGTH, MADV_WILLNEED));
	EXPECT_TRUE(residue_stays(self));
}

TEST_HARNESS_MAIN
