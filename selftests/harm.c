// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: a process that is read does not wait for its reader, however large it is:
 * mmap_lock is given up after a fixed amount of work, and at once when somebody wants
 * it; and when the process ends, its memory is given back without the reader's leave.
 * Oracle: what the process measures itself, under memclass and under smaps_rollup in
 * the same run, and what the record says of its own walk.
 *
 * On a machine with other things to do, times say as much about those. So the bounds
 * are of what does not depend on time; bench_harm has the figures. The ratio is
 * asserted only where nobody's wait is small against smaps_rollup's.
 */
#include "harm_target.h"

#include <limits.h>

#include "kselftest_harness.h"
#include "lib/kernel.h"
#include "lib/patience.h"

#include "lib/rows.h"

/* As in kmod/walk.c: the work of a slice, and what a page table and a mapping are. */
#define SLICE_WORK	16384
#define WORK_TABLE	544
#define WORK_VMA	64

/*
 * Many slices of memory, or what there is room for. On a kernel with KASAN and all else,
 * it takes too long to touch as much.
 */
static size_t size_of_target(void)
{
	const uint64_t room = meminfo("MemAvailable") * 5 / 6;
	size_t size = kernel_checks_itself() ? 128 * MIB : 512 * MIB;

	while (size > room)
		size /= 2;
	return size;
}

FIXTURE(harm)
{
	size_t size;
};

FIXTURE_SETUP(harm)
{
	self->size = size_of_target();
	if (self->size < 128 * MIB)
		SKIP(return, "no memory: selftests/vm/run --mem 3072");
}

FIXTURE_TEARDOWN(harm)
{
}

static int compare(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

#define ROUNDS	3

static uint64_t median(uint64_t *values)
{
	qsort(values, ROUNDS, sizeof(values[0]), compare);
	return values[ROUNDS / 2];
}

/* No walk does more in one slice than it may. */
static const char *slices_fault(const struct memclass_record *record, size_t size)
{
	const uint64_t tables = size / (2 * MIB);
	const uint64_t work = tables * WORK_TABLE + record->total.vmas * WORK_VMA;

	if (record->total.rss < size)
		return fault("%llu bytes resident", (unsigned long long)record->total.rss);
	if (record->cost.slices < work / (SLICE_WORK + WORK_TABLE))
		return fault("only %u slices", record->cost.slices);
	return NULL;
}

/* Medians of what was the longest in each of some rounds, taken in turns. */
static void measure(struct __test_metadata *_metadata, struct harm *harm, pid_t pid,
		    uint64_t *map_ns, uint64_t *fault_ns)
{
	uint64_t maps[HARM_NR_READERS][ROUNDS], faults[HARM_NR_READERS][ROUNDS];
	struct memclass_record record;
	unsigned int reader, i;

	for (i = 0; i < ROUNDS; i++) {
		for (reader = 0; reader < HARM_NR_READERS; reader++) {
			ASSERT_TRUE(harm_round(harm, pid, reader, 1, &record));
			maps[reader][i] = harm->map_ns;
			faults[reader][i] = harm->fault_ns;
		}
	}
	for (reader = 0; reader < HARM_NR_READERS; reader++) {
		map_ns[reader] = median(maps[reader]);
		fault_ns[reader] = median(faults[reader]);
	}
}

#define TRIES	3

TEST_F_TIMEOUT(harm, waits, 120)
{
	uint64_t map_ns[HARM_NR_READERS], fault_ns[HARM_NR_READERS], bound;
	unsigned int reader, tries;
	struct child target;
	struct harm *harm;

	if (kernel_checks_itself())
		SKIP(return, "how long this kernel takes says nothing");
	harm = harm_alloc(self->size, 1);
	target = harm_begin(harm);
	ASSERT_GT(target.pid, 0);
	for (tries = 0; tries < TRIES; tries++) {
		measure(_metadata, harm, target.pid, map_ns, fault_ns);
		for (reader = 0; reader < HARM_NR_READERS; reader++)
			TH_LOG("harm: %-20s mmap %8lu us, fault %8lu us, of smaps_rollup's %.4f",
			       harm_names[reader], map_ns[reader] / 1000,
			       fault_ns[reader] / 1000,
			       (double)map_ns[reader] / map_ns[HARM_ROLLUP]);
		bound = map_ns[HARM_ROLLUP] / 20;
		if (map_ns[HARM_NOBODY] > bound / 4) {
			TH_LOG("harm: too much else goes on here to assert times");
			break;
		}
		if (map_ns[HARM_RECORDS] <= bound && map_ns[HARM_CHEAP] <= bound &&
		    map_ns[HARM_VMAS] <= bound)
			break;
		TH_LOG("harm: above the bar of %lu us", bound / 1000);
	}
	EXPECT_LT(tries, (unsigned int)TRIES);
	child_end(&target);
}

/* Somebody wants the lock all the time: it is given up many times in a walk. */
TEST_F_TIMEOUT(harm, lock_is_given_up, 120)
{
	struct harm *harm = harm_alloc(self->size / 4, 1);
	struct child target = harm_begin(harm);
	struct memclass_record record;
	struct rounds rounds = { .seconds = 60 };
	unsigned int drops = 0;

	ASSERT_GT(target.pid, 0);
	while (drops < 20 && again(&rounds, UINT_MAX)) {
		ASSERT_TRUE(harm_read(target.pid, HARM_RECORDS, &record));
		EXPECT_RIGHT(record_fault(&record));
		EXPECT_RIGHT(slices_fault(&record, harm->size));
		drops += record.cost.lock_drops;
	}
	TH_LOG("harm: %u drops in %u walks", drops, rounds.number);
	EXPECT_LE(20U, drops);
	child_end(&target);
}

static void harm_only_fill(const struct child *parent, void *data)
{
	if (!harm_fill(data))
		_exit(1);
}

/* The least of the longest holds of some walks: what was not the machine's doing. */
static uint64_t longest_hold(struct __test_metadata *_metadata, size_t size,
			     unsigned int mappings)
{
	struct harm *harm = harm_alloc(size, mappings);
	/* It holds still: nobody makes the slices short. */
	struct child target = child_start(harm_only_fill, harm);
	struct memclass_record record;
	uint64_t hold = UINT64_MAX;
	unsigned int i;

	ASSERT_GT(target.pid, 0);
	for (i = 0; i < 10; i++) {
		ASSERT_TRUE(harm_read(target.pid, HARM_RECORDS, &record));
		EXPECT_RIGHT(record_fault(&record));
		EXPECT_RIGHT(slices_fault(&record, size));
		EXPECT_LE(mappings, record.total.vmas);
		if (record.cost.max_hold_ns < hold)
			hold = record.cost.max_hold_ns;
	}
	child_end(&target);
	return hold;
}

TEST_F_TIMEOUT(harm, hold_does_not_grow, 60)
{
	/* Three pages each. */
	const size_t size = self->size / 2;
	const unsigned int mappings = size / 8 / 12288 < 10000 ? size / 8 / 12288 : 10000;
	const uint64_t large = longest_hold(_metadata, size, 1);
	const uint64_t small = longest_hold(_metadata, size / 8, 1);
	const uint64_t many = longest_hold(_metadata, size / 8, mappings);

	TH_LOG("harm: longest hold %lu us; an eighth of it %lu us, in %u mappings %lu us",
	       large / 1000, small / 1000, mappings, many / 1000);
}

static void read_forever(const struct child *parent, void *data)
{
	struct memclass_record record;

	child_tell(parent);
	while (harm_read_record(*(pid_t *)data, 0, &record))
		;
}

#define READERS	3

/*
 * It is killed while readers are in the middle of it, and gives its pages back: but for
 * some hundreds, which each processor counts for itself. bad_reader has it that their walks
 * end at once. MemFree would also tell of what others give back meanwhile.
 */
TEST_F_TIMEOUT(harm, pages_are_given_back_when_their_process_has_ended, 120)
{
	struct harm *harm = harm_alloc(self->size / 4, 1);
	struct rounds rounds = { .seconds = 20 };
	struct child target, readers[READERS];
	uint64_t before, few, began;
	unsigned int i;

	/* What others had may still be going. */
	do {
		before = meminfo("AnonPages");
		harm_pause(200000);
	} while (meminfo("AnonPages") + harm->size / 64 < before && again(&rounds, 100));
	few = before + harm->size / 16;
	target = harm_begin(harm);
	ASSERT_GT(target.pid, 0);
	ASSERT_LT(before + harm->size - harm->size / 16, meminfo("AnonPages"));
	for (i = 0; i < READERS; i++) {
		readers[i] = child_start(read_forever, &target.pid);
		ASSERT_GT(readers[i].pid, 0);
	}
	harm_pause(50000);
	began = now_ns();
	kill(target.pid, SIGKILL);
	while (meminfo("AnonPages") > few && now_ns() - began < 60 * SEC)
		harm_pause(1000);
	TH_LOG("harm: %zu MiB are given back after %lu us", harm->size / MIB,
	       (now_ns() - began) / 1000);
	EXPECT_LT(now_ns() - began, 60 * SEC);
	child_end(&target);
	for (i = 0; i < READERS; i++) {
		/* The process is not there any more: so each of them ended by itself. */
		ASSERT_TRUE(child_wait(&readers[i]));
		child_end(&readers[i]);
	}
}

static void be_sparse(const struct child *parent, void *data)
{
	if (!map_sparse(1024))
		_exit(1);
}

static bool record_cost(pid_t pid, loff_t tier, struct memclass_cost *cost)
{
	struct memclass_record record;

	if (!harm_read_record(pid, tier, &record))
		return false;
	*cost = record.cost;
	return true;
}

/* Of all mappings, a read of which takes @rows of them. */
static bool vmas_cost(pid_t pid, loff_t tier, unsigned int rows, struct memclass_cost *cost)
{
	static struct memclass_vma vmas[64];
	const int fd = vmas_open();
	bool others = false, right = true;
	ssize_t got = 0, i;

	memset(cost, 0, sizeof(*cost));
	lseek(fd, vmas_at(pid, 0) | tier, SEEK_SET);
	while (!others && right && (got = read(fd, vmas, rows * sizeof(vmas[0]))) > 0) {
		/* Every read begins with a walk of its own. */
		right = vmas[0].cost.slices;
		for (i = 0; i < got / (ssize_t)sizeof(vmas[0]) && !others; i++) {
			others = (pid_t)vmas[i].pid != pid;
			if (others)
				break;
			right = right && !vma_fault(&vmas[i]);
			cost->walk_ns += vmas[i].cost.walk_ns;
			cost->slices += vmas[i].cost.slices;
			if (cost->max_hold_ns < vmas[i].cost.max_hold_ns)
				cost->max_hold_ns = vmas[i].cost.max_hold_ns;
		}
	}
	close(fd);
	return right && got >= 0;
}

#define SPARSE_TABLES	1024

/* What a walk of a large process said of itself, in @took_ns by the test's own clock. */
static const char *cost_is_true(const struct memclass_cost *cost, uint64_t took_ns)
{
	if (cost->walk_ns > took_ns || cost->walk_ns < took_ns / 4)
		return fault("walked for %llu ns in a read of %lu ns",
			     (unsigned long long)cost->walk_ns, took_ns);
	if (cost->slices < SPARSE_TABLES * WORK_TABLE / (SLICE_WORK + WORK_TABLE))
		return fault("only %u slices", cost->slices);
	if (cost->max_hold_ns < cost->walk_ns / cost->slices || cost->max_hold_ns > cost->walk_ns)
		return fault("held for %llu ns of %llu ns in %u slices",
			     (unsigned long long)cost->max_hold_ns,
			     (unsigned long long)cost->walk_ns, cost->slices);
	return NULL;
}

/*
 * The times in records, and in the rows of mappings added up, are those that it took;
 * one of few tries must be undisturbed.
 */
TEST(costs_are_true)
{
	static const struct {
		bool vmas;
		loff_t tier;
		unsigned int rows;
	} cases[] = {
		{ false, 0, 0 },
		{ false, MEMCLASS_OFFSET_CHEAP, 0 },
		{ true, 0, 1 },
		{ true, 0, 3 },
		{ true, 0, 64 },
		{ true, MEMCLASS_OFFSET_CHEAP, 64 },
	};
	struct child child = child_start(be_sparse, NULL);
	struct memclass_cost cost;
	const char *bad = NULL;
	unsigned int tries;
	uint64_t began;
	size_t i;

	ASSERT_GT(child.pid, 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (tries = 0; tries < 10; tries++) {
			began = now_ns();
			if (cases[i].vmas) {
				ASSERT_TRUE(vmas_cost(child.pid, cases[i].tier, cases[i].rows,
						      &cost));
			} else {
				ASSERT_TRUE(record_cost(child.pid, cases[i].tier, &cost));
			}
			bad = cost_is_true(&cost, now_ns() - began);
			if (!bad)
				break;
		}
		EXPECT_EQ(NULL, bad)
		{
			TH_LOG("case %zu: %s", i, bad);
		}
	}
	child_end(&child);
}

TEST_HARNESS_MAIN
