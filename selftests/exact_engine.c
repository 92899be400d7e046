// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: the comparison that the exact_* programs stand on sees what is wrong. What
 * memclass says is falsified here, one thing at a time, and each time the comparison
 * must find a difference; so must it find what a state expects in vain.
 *
 * Oracle: it finds none before.
 */
#include <signal.h>
#include <sys/prctl.h>

#include "kselftest_harness.h"

#include "lib/compare.h"
#include "lib/kernel.h"
#include "lib/memory.h"
#include "lib/state.h"

#define PAGES	16UL
#define LENGTH	(PAGES * PAGE)

/* Something of everything that needs no setting: shared, copied, locked, never used. */
static char *mapping;

static void write_half(const void *argument)
{
	touch(mapping, LENGTH / 2);
}

static void build(const void *argument)
{
	int fd;

	mapping = map_anon(LENGTH);
	touch(mapping, LENGTH);
	state_fork(write_half, NULL);
	touch(memory_map(&shm, -1, LENGTH, 0), LENGTH);
	fd = memory_open(&file, LENGTH);
	touch(memory_map(&file, fd, LENGTH, 0), LENGTH);
	touch(memory_map(&private_file, fd, LENGTH, 0), LENGTH / 2);
	mapping = map_anon(LENGTH);
	touch(mapping, LENGTH);
	MUST(!mlock(mapping, LENGTH));
	look_at(map_anon(LENGTH), LENGTH);
	map_anon(LENGTH);
}

FIXTURE(engine)
{
	struct state state;
	struct comparison comparison;
	bool taken;
};

FIXTURE_SETUP(engine)
{
	const struct oracle_options options = { .pages = 1UL << 20 };

	if (!memclass_is_loaded())
		SKIP(return, "memclass is not loaded");
	state_make(&self->state, build, NULL);
	EXPECT_STREQ("", self->state.failure);
	if (self->state.failure[0])
		return;
	EXPECT_EQ(0, comparison_take(&self->comparison, self->state.root, &options, 100))
	return;
	self->taken = true;
}

FIXTURE_TEARDOWN(engine)
{
	if (self->taken)
		comparison_free(&self->comparison);
	state_end(&self->state);
}

/* Counts the differences with @field changed by @by. */
#define DIFFERENCES_WITH(field, by) \
	({ \
		typeof(field) *_field = &(field), _was = *_field; \
		unsigned int _found; \
\
		*_field += (by); \
		_found = comparison_check(&self->comparison, true); \
		*_field = _was; \
		_found; \
	})

#define EXPECT_FOUND(field, by, format, ...) \
	EXPECT_NE(0U, DIFFERENCES_WITH(field, by)) \
	{ \
		TH_LOG("a wrong %s was not found " format, #field, ##__VA_ARGS__); \
	}

TEST_F(engine, nothing_is_found_when_all_is_well)
{
	ASSERT_EQ(0U, comparison_check(&self->comparison, false));
	EXPECT_EQ(0U, state_check(&self->state, 1UL << 20));
	EXPECT_LT(15UL, self->comparison.oracle.nr_vmas);
}

TEST_F_TIMEOUT(engine, every_column_of_every_mapping, 300)
{
	const struct reading *full = &self->comparison.full;
	unsigned int column;
	size_t i;

	ASSERT_EQ(0U, comparison_check(&self->comparison, false));
	for (i = 0; i < full->nr_vmas; i++)
		for (column = 0; column < MEMCLASS_NR_COLUMNS; column++)
			EXPECT_FOUND(*counts_at(&full->vmas[i].counts, column), PAGE,
				     "(%s of %s, %lx)", column_name(column),
				     full->vmas[i].name, (unsigned long)full->vmas[i].start);
}

/* The class of a mapping is so, too, with every other class. */
TEST_F_TIMEOUT(engine, every_class_of_every_mapping, 300)
{
	const struct reading *full = &self->comparison.full;
	unsigned int class;
	size_t i;

	ASSERT_EQ(0U, comparison_check(&self->comparison, false));
	for (i = 0; i < full->nr_vmas; i++)
		for (class = 0; class < MEMCLASS_NR_CLASSES; class ++)
			if (class != full->vmas[i].class) {
				EXPECT_FOUND(full->vmas[i].class, class - full->vmas[i].class,
					     "(%s of %s)", class_name(class),
					     full->vmas[i].name);
			}
}

TEST_F_TIMEOUT(engine, every_column_of_the_record, 300)
{
	struct memclass_record *record = &self->comparison.full.record;
	struct memclass_record *cheap = &self->comparison.cheap.record;
	unsigned int class, column;

	ASSERT_EQ(0U, comparison_check(&self->comparison, false));
	for (column = 0; column < MEMCLASS_NR_COLUMNS; column++) {
		EXPECT_FOUND(*counts_at(&record->total, column), PAGE, "(%s)",
			     column_name(column));
		EXPECT_FOUND(*counts_at(&cheap->total, column), PAGE, "(%s, cheap)",
			     column_name(column));
		for (class = 0; class < MEMCLASS_NR_CLASSES; class ++)
			EXPECT_FOUND(*counts_at(&record->classes[class], column), PAGE,
				     "(%s of %s)", column_name(column), class_name(class));
	}
}

TEST_F(engine, every_column_of_the_cheap_tier)
{
	const struct reading *cheap = &self->comparison.cheap;
	unsigned int column;
	size_t i;

	ASSERT_EQ(0U, comparison_check(&self->comparison, false));
	for (column = 0; column < MEMCLASS_NR_COLUMNS; column++)
		for (i = 0; i < cheap->nr_vmas; i += 5)
			EXPECT_FOUND(*counts_at(&cheap->vmas[i].counts, column), PAGE,
				     "(%s)", column_name(column));
}

TEST_F(engine, every_other_field)
{
	struct memclass_record *record = &self->comparison.full.record;
	struct memclass_vma *vma = &self->comparison.full.vmas[3];

	ASSERT_EQ(0U, comparison_check(&self->comparison, false));
	EXPECT_FOUND(record->size, 1, "");
	EXPECT_FOUND(record->abi, 1, "");
	EXPECT_FOUND(record->counts_offset, 8, "");
	EXPECT_FOUND(record->counts_size, 8, "");
	EXPECT_FOUND(record->nr_classes, 1, "");
	EXPECT_FOUND(record->flags, MEMCLASS_CHEAP, "");
	EXPECT_FOUND(record->pid, 1, "");
	EXPECT_FOUND(record->ppid, 1, "");
	EXPECT_FOUND(record->uid, 1, "");
	EXPECT_FOUND(record->threads, 1, "");
	EXPECT_FOUND(record->start_ns, 10000000, "");
	EXPECT_FOUND(record->columns, 1, "");
	EXPECT_FOUND(record->page_tables, PAGE, "");
	EXPECT_FOUND(record->cost.changed, 1, "");
	EXPECT_FOUND(record->comm[0], 1, "");

	EXPECT_FOUND(vma->size, 1, "");
	EXPECT_FOUND(vma->abi, 1, "");
	EXPECT_FOUND(vma->counts_offset, 8, "");
	EXPECT_FOUND(vma->counts_size, 8, "");
	EXPECT_FOUND(vma->flags, MEMCLASS_CHEAP, "");
	EXPECT_FOUND(vma->flags, MEMCLASS_NAME_CUT, "");
	EXPECT_FOUND(vma->flags, MEMCLASS_SHARED_MM, "");
	EXPECT_FOUND(vma->pid, 1, "");
	EXPECT_FOUND(vma->ordinal, 1, "");
	EXPECT_FOUND(vma->start_ns, 1, "");
	EXPECT_FOUND(vma->columns, 1, "");
	EXPECT_FOUND(vma->start, PAGE, "");
	EXPECT_FOUND(vma->end, PAGE, "");
	EXPECT_FOUND(vma->offset, PAGE, "");
	EXPECT_FOUND(vma->inode, 1, "");
	EXPECT_FOUND(vma->dev_major, 1, "");
	EXPECT_FOUND(vma->dev_minor, 1, "");
	EXPECT_FOUND(vma->prot, 1, "");
	EXPECT_FOUND(vma->shared, 1, "");
	EXPECT_FOUND(vma->name[0], 1, "");
	EXPECT_FOUND(self->comparison.full.nr_vmas, -1, "");
}

/* What this kernel prints is what the tables here know, all of it and no more. */
TEST_F(engine, fields_of_smaps)
{
	const struct oracle *oracle = &self->comparison.oracle;
	const uint64_t known = oracle->vmas[0].smaps.known, rollup = oracle->rollup.known;
	uint64_t smaps = 0, both;

#define FIELD(column) | 1ULL << MEMCLASS_COLUMN_##column
	both = 0 FIELD(rss) FIELD(pss) FIELD(private_clean) FIELD(private_dirty)
		FIELD(shared_clean) FIELD(shared_dirty) FIELD(referenced) FIELD(anon)
			FIELD(lazyfree) FIELD(thp_anon) FIELD(thp_shmem) FIELD(thp_file)
				FIELD(hugetlb_private) FIELD(hugetlb_shared) FIELD(swap) FIELD(locked);
	if (kernel_at_least(6, 12))
		both |= 0 FIELD(ksm);
	/* From 6.0 on printed, before that bounded by others. */
	smaps = both FIELD(vmas) FIELD(virt) FIELD(cow) FIELD(pss_dirty);
	if (kernel_at_least(6, 0))
		both |= 0 FIELD(pss_dirty);
#undef FIELD
	EXPECT_EQ(smaps, smaps & known);
	EXPECT_EQ(both, both & rollup);
	EXPECT_STREQ("", oracle->unknown_fields);
}

/*
 * What changes between two looks is seen, so that no comparison is made of what did
 * not hold still. The process does one thing each time that it is told to.
 */
static int tell[2], told[2];

static void change_on_demand(const void *argument)
{
	char *memory = map_anon(LENGTH);
	char what;

	touch(memory, PAGE);
	state_holds(getpid());
	while (read(tell[0], &what, 1) == 1) {
		switch (what) {
		case '1':
			touch(memory + 4 * PAGE, PAGE);
			break;
		case '2':
			MUST(!mprotect(memory, PAGE, PROT_READ));
			break;
		case '3':
			MUST(!prctl(PR_SET_NAME, "changed"));
			break;
		case '4':
			MUST(!madvise(memory + 4 * PAGE, PAGE, MADV_DONTNEED));
			look_at(memory + 4 * PAGE, PAGE);
			break;
		}
		MUST(write(told[1], &what, 1) == 1);
	}
	_exit(0);
}

TEST(changes_between_two_looks)
{
	const struct oracle_options options = { .pages = 1UL << 20 };
	struct oracle before, after;
	struct comparison comparison;
	struct state state;
	char what;

	if (!memclass_is_loaded())
		SKIP(return, "memclass is not loaded");
	ASSERT_EQ(0, pipe(tell));
	ASSERT_EQ(0, pipe(told));
	state_make(&state, change_on_demand, NULL);
	EXPECT_STREQ("", state.failure);
	/* The first answer brings in what it takes to answer. */
	for (what = '0'; what <= '5'; what++) {
		ASSERT_EQ(0, oracle_take(&before, state.root, &options));
		ASSERT_EQ(1, write(tell[1], &what, 1));
		ASSERT_EQ(1, read(told[0], &what, 1));
		ASSERT_EQ(0, oracle_take(&after, state.root, &options));
		if (what > '0') {
			EXPECT_EQ(what == '5', oracle_same(&before, &after))
			{
				TH_LOG("change %c", what);
			}
		}
		oracle_free(&before);
		oracle_free(&after);
	}
	EXPECT_EQ(-EAGAIN, comparison_take(&comparison, state.root, &options, 0));
	state_end(&state);
}

TEST(a_process_that_is_gone)
{
	const struct oracle_options options = {};
	struct comparison comparison;
	pid_t pid = fork();

	if (!memclass_is_loaded())
		SKIP(return, "memclass is not loaded");
	if (!pid)
		_exit(0);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_NE(0, comparison_take(&comparison, pid, &options, 3));
}

/*
 * What a state expects of itself, and why it cannot be made.
 */
static void expect_in_vain(const void *argument)
{
	char *memory = map_anon(LENGTH);

	touch(memory, LENGTH);
	switch (*(const int *)argument) {
	case 0:
		expect_class(memory, LENGTH, MEMCLASS_CLASS_SHM);
		break;
	case 1:
		EXPECT_BYTES(memory, LENGTH, rss, LENGTH - PAGE);
		break;
	case 2:
		EXPECT_BYTES(memory, LENGTH / 2, virt, LENGTH);
		break;
	case 3:
		expect_vmas(memory, LENGTH, 2);
		break;
	case 4:
		expect_total(MEMCLASS_COLUMN_rss, 0, LENGTH - PAGE);
		break;
	case 5:
		expect_shared_mm();
		break;
	case 6:
		expect_in_class(MEMCLASS_CLASS_SHM, MEMCLASS_COLUMN_rss, 1);
		break;
	case 7:
		MUST(!munmap(memory, LENGTH));
		expect_class(memory, LENGTH, MEMCLASS_CLASS_ANON);
		break;
	}
}

TEST(every_kind_of_expectation)
{
	struct state state;
	int kind;

	if (!memclass_is_loaded())
		SKIP(return, "memclass is not loaded");
	for (kind = 0; kind <= 7; kind++) {
		state_make(&state, expect_in_vain, &kind);
		EXPECT_STREQ("", state.failure);
		state.quiet = true;
		EXPECT_EQ(1U, state_check(&state, 0))
		{
			TH_LOG("kind %d", kind);
		}
		state_end(&state);
	}
}

static void fail(const void *argument)
{
	switch (*(const int *)argument) {
	case 0:
		state_skip("a reason");
	case 1:
		state_fail("a failure");
	case 2:
		raise(SIGSEGV);
		break;
	case 3:
		_exit(1);
	}
}

static void fail_in_child(const void *argument)
{
	state_fork(fail, argument);
}

TEST(states_that_cannot_be_made)
{
	struct state state;
	int how;

	for (how = 0; how <= 3; how++) {
		state_make(&state, fail, &how);
		EXPECT_STREQ(how ? "" : "a reason", state.skip);
		EXPECT_EQ(!how, !state.failure[0]);
		state_end(&state);
	}
	for (how = 0; how <= 1; how++) {
		state_make(&state, fail_in_child, &how);
		EXPECT_STREQ(how ? "" : "a reason", state.skip);
		EXPECT_STREQ(how ? "a failure" : "", state.failure);
		state_end(&state);
	}
}

TEST_HARNESS_MAIN
