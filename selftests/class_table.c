// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: mc_class_of() gives every VMA the class of DESIGN.md's table, at the borders
 * between classes too. The module's own class.c is compiled in here; what the facts
 * are, on real kernels, is exact_classes' business.
 */
#include "kselftest_harness.h"

#include "../kmod/class.h"

#define K(n)	((n) * 1024UL)
#define M(n)	((n) * 1024UL * 1024)

/*
 * A program as the kernel lays it out: 64 KiB of data that end in the middle of a
 * page, so that the bss's own mapping begins with the next one, a break a bit above,
 * as address space randomisation puts it, of which 1 MiB is in use, and a stack.
 */
#define DATA		M(4)
#define BSS		(DATA + K(64))
#define BREAK		M(16)
#define BREAK_END	(BREAK + M(1))
#define MAPPINGS	M(1024)
#define STACK		M(2048)
#define STACK_TOP	(STACK + K(132))
#define START_STACK	(STACK_TOP - 1000)

#define PROGRAM \
	.start_stack = START_STACK, .bss_start = BSS, .start_brk = BREAK, .brk = BREAK_END

#define AT(from, size) .start = (from), .end = (from) + (size)

/* What has no file and what has. */
#define ANONYMOUS	.anonymous = true, .file = MC_FILE_NONE
#define OF(kind)	.file = MC_FILE_##kind

static const struct row {
	const char *what;
	struct mc_class_facts facts;
	enum memclass_class class;
} table[] = {
	/* The break: heap is what overlaps [start_brk, brk). */
	{ "the break", { PROGRAM, ANONYMOUS, AT(BREAK, M(1)), .write = true }, MEMCLASS_CLASS_HEAP },
	{ "the break, its beginning cut off by mprotect",
	  { PROGRAM, ANONYMOUS, AT(BREAK, K(4)) },
	  MEMCLASS_CLASS_HEAP },
	{ "the break, its middle", { PROGRAM, ANONYMOUS, AT(BREAK + K(64), K(4)) }, MEMCLASS_CLASS_HEAP },
	{ "the break, its end", { PROGRAM, ANONYMOUS, AT(BREAK_END - K(4), K(4)) }, MEMCLASS_CLASS_HEAP },
	{ "the break, executable",
	  { PROGRAM, ANONYMOUS, AT(BREAK, M(1)), .write = true, .exec = true },
	  MEMCLASS_CLASS_HEAP },
	{ "the break, which does not end with a page",
	  { .start_brk = BREAK, .brk = BREAK + 100, .start_stack = START_STACK, ANONYMOUS, AT(BREAK, K(4)) },
	  MEMCLASS_CLASS_HEAP },
	{ "just below the break", { PROGRAM, ANONYMOUS, AT(BREAK - K(4), K(4)) }, MEMCLASS_CLASS_BSS },
	{ "just above the break", { PROGRAM, ANONYMOUS, AT(BREAK_END, K(4)) }, MEMCLASS_CLASS_ANON },
	{ "a break that was never used",
	  { .start_brk = BREAK, .brk = BREAK, .bss_start = BSS, .start_stack = START_STACK, ANONYMOUS, AT(BREAK, K(4)) },
	  MEMCLASS_CLASS_ANON },
	{ "around a break that was never used",
	  { .start_brk = BREAK, .brk = BREAK, .bss_start = BREAK + M(1), .start_stack = START_STACK, ANONYMOUS, AT(BREAK - K(4), K(8)) },
	  MEMCLASS_CLASS_ANON },
	{ "bss and break in one, without randomisation",
	  { .start_brk = BSS + K(8), .brk = BSS + K(64), .bss_start = BSS, .start_stack = START_STACK, ANONYMOUS, AT(BSS, K(64)) },
	  MEMCLASS_CLASS_HEAP },
	{ "a thread's stack in the break",
	  { PROGRAM, ANONYMOUS, AT(BREAK, M(1)), .stack_pointer = true },
	  MEMCLASS_CLASS_HEAP },
	{ "a file mapped over a part of the break",
	  { PROGRAM, OF(OTHER), AT(BREAK + K(64), K(4)), .write = true },
	  MEMCLASS_CLASS_DATA },

	/* The main thread's stack holds the address that it began with. */
	{ "the stack", { PROGRAM, ANONYMOUS, AT(STACK, K(132)), .write = true }, MEMCLASS_CLASS_STACK },
	{ "the stack, the page that it began in",
	  { PROGRAM, ANONYMOUS, AT(STACK_TOP - K(4), K(4)) },
	  MEMCLASS_CLASS_STACK },
	{ "the stack, what mprotect cut off below",
	  { PROGRAM, ANONYMOUS, AT(STACK, K(64)) },
	  MEMCLASS_CLASS_ANON },
	{ "the stack of a process with threads",
	  { PROGRAM, ANONYMOUS, AT(STACK, K(132)), .stack_pointer = true },
	  MEMCLASS_CLASS_STACK },
	{ "it ends where the stack began",
	  { PROGRAM, ANONYMOUS, AT(START_STACK - K(4), K(4)) },
	  MEMCLASS_CLASS_ANON },
	{ "it begins where the stack began", { PROGRAM, ANONYMOUS, AT(START_STACK, K(4)) }, MEMCLASS_CLASS_STACK },

	/* A stack pointer makes a thread's stack of what nothing else claims. */
	{ "the stack of a living thread",
	  { PROGRAM, ANONYMOUS, AT(MAPPINGS, M(8)), .write = true, .stack_pointer = true },
	  MEMCLASS_CLASS_TSTACK },
	{ "the stack of a dead thread",
	  { PROGRAM, ANONYMOUS, AT(MAPPINGS, M(8)), .write = true },
	  MEMCLASS_CLASS_ANON },
	{ "a stack pointer in a private file mapping",
	  { PROGRAM, OF(OTHER), AT(MAPPINGS, M(8)), .write = true, .stack_pointer = true },
	  MEMCLASS_CLASS_DATA },
	{ "a stack pointer in shared memory",
	  { PROGRAM, OF(SHM), AT(MAPPINGS, M(8)), .shared = true, .stack_pointer = true },
	  MEMCLASS_CLASS_SHM },
	{ "a stack pointer in the bss",
	  { PROGRAM, ANONYMOUS, AT(BSS, K(64)), .stack_pointer = true },
	  MEMCLASS_CLASS_BSS },

	/* The bss is [end_data, start_brk), and what begins where end_data's page ends. */
	{ "the bss", { PROGRAM, ANONYMOUS, AT(BSS, K(128)), .write = true }, MEMCLASS_CLASS_BSS },
	{ "the bss, cut by mprotect", { PROGRAM, ANONYMOUS, AT(BSS + K(64), K(4)) }, MEMCLASS_CLASS_BSS },
	{ "just below the bss", { PROGRAM, ANONYMOUS, AT(BSS - K(4), K(4)) }, MEMCLASS_CLASS_ANON },
	{ "the bss, when the break was moved below the program",
	  { .start_brk = M(1), .brk = M(2), .bss_start = BSS, .start_stack = START_STACK, ANONYMOUS, AT(BSS, K(128)) },
	  MEMCLASS_CLASS_BSS },
	{ "after the bss, when the break was moved below the program",
	  { .start_brk = M(1), .brk = M(2), .bss_start = BSS, .start_stack = START_STACK, ANONYMOUS, AT(BSS + K(4), K(4)) },
	  MEMCLASS_CLASS_ANON },
	{ "the last page of the data, of the file",
	  { PROGRAM, OF(OTHER), AT(BSS - K(4), K(4)), .write = true },
	  MEMCLASS_CLASS_DATA },

	/* All other private memory without a file's pages. */
	{ "malloc of much", { PROGRAM, ANONYMOUS, AT(MAPPINGS, M(1)), .write = true }, MEMCLASS_CLASS_ANON },
	{ "a guard page", { PROGRAM, ANONYMOUS, AT(MAPPINGS, K(4)) }, MEMCLASS_CLASS_ANON },
	{ "code of a just-in-time compiler",
	  { PROGRAM, ANONYMOUS, AT(MAPPINGS, M(1)), .exec = true },
	  MEMCLASS_CLASS_ANON },
	{ "MAP_GROWSDOWN, which is nobody's stack",
	  { PROGRAM, ANONYMOUS, AT(MAPPINGS, K(64)), .write = true },
	  MEMCLASS_CLASS_ANON },
	{ "MAP_PRIVATE of /dev/zero",
	  { PROGRAM, OF(TMPFS), AT(MAPPINGS, M(1)), .anonymous = true, .write = true },
	  MEMCLASS_CLASS_ANON },
	{ "MAP_SHARED of /dev/zero, opened for reading",
	  { PROGRAM, OF(TMPFS), AT(MAPPINGS, M(1)), .anonymous = true, .shared = true },
	  MEMCLASS_CLASS_ANON },
	{ "a process that has given up all of its layout",
	  { ANONYMOUS, AT(MAPPINGS, M(1)) },
	  MEMCLASS_CLASS_ANON },
	{ "a 32-bit process, just below 4 GiB",
	  { .start_stack = 0xffffd000, .bss_start = 0x0804a000, .start_brk = 0x09000000, .brk = 0x09021000, ANONYMOUS, .start = 0xfffdd000, .end = 0xffffe000 },
	  MEMCLASS_CLASS_STACK },
	{ "a 32-bit process's break",
	  { .start_stack = 0xffffd000, .bss_start = 0x0804a000, .start_brk = 0x09000000, .brk = 0x09021000, ANONYMOUS, .start = 0x09000000, .end = 0x09021000 },
	  MEMCLASS_CLASS_HEAP },

	/* Private file mappings: by permissions, whatever the file is. */
	{ "code", { PROGRAM, OF(OTHER), AT(M(1), M(1)), .exec = true }, MEMCLASS_CLASS_TEXT },
	{ "code that can be written to",
	  { PROGRAM, OF(OTHER), AT(M(1), M(1)), .exec = true, .write = true },
	  MEMCLASS_CLASS_TEXT },
	{ "data", { PROGRAM, OF(OTHER), AT(M(1), M(1)), .write = true }, MEMCLASS_CLASS_DATA },
	{ "constants", { PROGRAM, OF(OTHER), AT(M(1), M(1)) }, MEMCLASS_CLASS_RODATA },
	{ "MAP_PRIVATE of a memfd", { PROGRAM, OF(MEMFD), AT(MAPPINGS, M(1)), .write = true }, MEMCLASS_CLASS_DATA },
	{ "code in a memfd", { PROGRAM, OF(MEMFD), AT(MAPPINGS, M(1)), .exec = true }, MEMCLASS_CLASS_TEXT },
	{ "MAP_PRIVATE of a tmpfs file", { PROGRAM, OF(TMPFS), AT(MAPPINGS, M(1)) }, MEMCLASS_CLASS_RODATA },
	{ "MAP_PRIVATE of shared memory, by way of map_files",
	  { PROGRAM, OF(SHM), AT(MAPPINGS, M(1)), .write = true },
	  MEMCLASS_CLASS_DATA },
	{ "MAP_PRIVATE of a System V segment, by the same way",
	  { PROGRAM, OF(SYSV), AT(MAPPINGS, M(1)) },
	  MEMCLASS_CLASS_RODATA },

	/* Shared mappings: by the file, whatever the permissions are. */
	{ "MAP_SHARED | MAP_ANONYMOUS",
	  { PROGRAM, OF(SHM), AT(MAPPINGS, M(1)), .shared = true, .write = true },
	  MEMCLASS_CLASS_SHM },
	{ "a System V segment",
	  { PROGRAM, OF(SYSV), AT(MAPPINGS, M(1)), .shared = true, .write = true },
	  MEMCLASS_CLASS_SYSV },
	{ "a memfd", { PROGRAM, OF(MEMFD), AT(MAPPINGS, M(1)), .shared = true, .write = true }, MEMCLASS_CLASS_MEMFD },
	{ "a memfd, executable",
	  { PROGRAM, OF(MEMFD), AT(MAPPINGS, M(1)), .shared = true, .exec = true },
	  MEMCLASS_CLASS_MEMFD },
	{ "a memfd, only readable",
	  { PROGRAM, OF(MEMFD), AT(MAPPINGS, M(1)), .shared = true },
	  MEMCLASS_CLASS_MEMFD },
	{ "a tmpfs file", { PROGRAM, OF(TMPFS), AT(MAPPINGS, M(1)), .shared = true }, MEMCLASS_CLASS_TMPFS },
	{ "a file on disk", { PROGRAM, OF(OTHER), AT(MAPPINGS, M(1)), .shared = true }, MEMCLASS_CLASS_FILE },
	{ "a file on disk, executable",
	  { PROGRAM, OF(OTHER), AT(MAPPINGS, M(1)), .shared = true, .exec = true },
	  MEMCLASS_CLASS_FILE },

	/* hugetlbfs, whatever else it is. */
	{ "MAP_HUGETLB", { PROGRAM, OF(OTHER), AT(MAPPINGS, M(2)), .hugetlb = true }, MEMCLASS_CLASS_HUGETLB },
	{ "MAP_HUGETLB, shared",
	  { PROGRAM, OF(OTHER), AT(MAPPINGS, M(2)), .hugetlb = true, .shared = true },
	  MEMCLASS_CLASS_HUGETLB },
	{ "a memfd of huge pages",
	  { PROGRAM, OF(MEMFD), AT(MAPPINGS, M(2)), .hugetlb = true, .shared = true },
	  MEMCLASS_CLASS_HUGETLB },
	{ "a thread's stack of huge pages",
	  { PROGRAM, OF(OTHER), AT(MAPPINGS, M(2)), .hugetlb = true, .stack_pointer = true },
	  MEMCLASS_CLASS_HUGETLB },
	{ "a program whose break lies in huge pages",
	  { PROGRAM, OF(OTHER), AT(BREAK, M(2)), .hugetlb = true },
	  MEMCLASS_CLASS_HUGETLB },

	{ "huge pages that a driver maps",
	  { PROGRAM, OF(OTHER), AT(MAPPINGS, M(2)), .hugetlb = true, .device = true },
	  MEMCLASS_CLASS_HUGETLB },

	/* Devices, private or shared, with and without execution. */
	{ "a device, shared",
	  { PROGRAM, OF(OTHER), AT(MAPPINGS, M(1)), .device = true, .shared = true },
	  MEMCLASS_CLASS_DEVICE },
	{ "a device, private",
	  { PROGRAM, OF(OTHER), AT(MAPPINGS, M(1)), .device = true, .write = true },
	  MEMCLASS_CLASS_DEVICE },
	{ "a DAX file, private code",
	  { PROGRAM, OF(OTHER), AT(MAPPINGS, M(1)), .device = true, .exec = true },
	  MEMCLASS_CLASS_DEVICE },
	{ "a device's node on a tmpfs",
	  { PROGRAM, OF(TMPFS), AT(MAPPINGS, M(1)), .device = true, .shared = true },
	  MEMCLASS_CLASS_DEVICE },
	{ "pages of a driver in memory that looks anonymous",
	  { PROGRAM, ANONYMOUS, AT(MAPPINGS, M(1)), .device = true },
	  MEMCLASS_CLASS_DEVICE },

	/* Of no file, and not anonymous: the kernel's own. */
	{ "vdso", { PROGRAM, OF(NONE), AT(MAPPINGS, K(8)), .exec = true }, MEMCLASS_CLASS_SPECIAL },
	{ "vvar, which shows device memory",
	  { PROGRAM, OF(NONE), AT(MAPPINGS, K(16)), .device = true },
	  MEMCLASS_CLASS_SPECIAL },
	{ "a special mapping in the place of the break",
	  { PROGRAM, OF(NONE), AT(BREAK, K(4)) },
	  MEMCLASS_CLASS_SPECIAL },
	{ "a special mapping with a stack pointer in it",
	  { PROGRAM, OF(NONE), AT(MAPPINGS, K(4)), .stack_pointer = true },
	  MEMCLASS_CLASS_SPECIAL },
};

#define NR_ROWS (sizeof(table) / sizeof(*table))

TEST(every_row)
{
	unsigned int i;

	for (i = 0; i < NR_ROWS; i++) {
		EXPECT_EQ(table[i].class, mc_class_of(&table[i].facts))
		{
			TH_LOG("row %u, %s: %s, not %s", i, table[i].what ?: "",
			       mc_class_name(mc_class_of(&table[i].facts)),
			       mc_class_name(table[i].class));
		}
	}
}

/* A class that no row has could be lost and nobody would see it. */
TEST(every_class_has_a_row)
{
	unsigned int seen = 0, i;

	for (i = 0; i < NR_ROWS; i++)
		seen |= 1U << table[i].class;
	EXPECT_EQ((1U << MEMCLASS_NR_CLASSES) - 1, seen);
}

/* Two rows that say the same of the same would be one test. */
TEST(no_row_twice)
{
	unsigned int i, j;

	for (i = 0; i < NR_ROWS; i++)
		for (j = 0; j < i; j++)
			EXPECT_NE(0, memcmp(&table[i].facts, &table[j].facts,
					    sizeof(table[i].facts)))
			{
				TH_LOG("rows %u and %u", j, i);
			}
}

/* DESIGN.md's table, by hand: what each class is called, and the type that it has. */
static const struct {
	enum memclass_class class;
	const char *name;
	const char *type;
} names[] = {
	{ MEMCLASS_CLASS_HEAP, "heap", "private-anon" },
	{ MEMCLASS_CLASS_STACK, "stack", "private-anon" },
	{ MEMCLASS_CLASS_TSTACK, "tstack", "private-anon" },
	{ MEMCLASS_CLASS_BSS, "bss", "private-anon" },
	{ MEMCLASS_CLASS_ANON, "anon", "private-anon" },
	{ MEMCLASS_CLASS_TEXT, "text", "private-file" },
	{ MEMCLASS_CLASS_DATA, "data", "private-file" },
	{ MEMCLASS_CLASS_RODATA, "rodata", "private-file" },
	{ MEMCLASS_CLASS_SHM, "shm", "shared-anon" },
	{ MEMCLASS_CLASS_SYSV, "sysv", "shared-anon" },
	{ MEMCLASS_CLASS_MEMFD, "memfd", "shared-anon" },
	{ MEMCLASS_CLASS_TMPFS, "tmpfs", "shared-anon" },
	{ MEMCLASS_CLASS_FILE, "file", "shared-file" },
	{ MEMCLASS_CLASS_HUGETLB, "hugetlb", "other" },
	{ MEMCLASS_CLASS_DEVICE, "device", "other" },
	{ MEMCLASS_CLASS_SPECIAL, "special", "other" },
};

TEST(names_and_types)
{
	unsigned int i;

	ASSERT_EQ((size_t)MEMCLASS_NR_CLASSES, sizeof(names) / sizeof(*names));
	for (i = 0; i < MEMCLASS_NR_CLASSES; i++) {
		EXPECT_EQ(i, names[i].class);
		EXPECT_STREQ(names[i].name, mc_class_name(i));
		EXPECT_STREQ(names[i].type, mc_class_type_name(i));
	}
}

TEST_HARNESS_MAIN
