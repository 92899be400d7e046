// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: each page fault of a process is counted once, in the class of what it hit and
 * as what it was.
 * Oracle: min_flt and maj_flt of /proc/PID/stat for the sums, and for each class the
 * number of pages that the test touched, one by one, and that nothing else was.
 */
#include "fault.h"

#include <linux/perf_event.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/shm.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "fault_kind.h"

#define HUGE	(2 * MIB)

/*
 * Private and anonymous.
 */

TEST_F(kind, anon)
{
	char *map = map_own_anon(LENGTH);

	ASSERT_NE(NULL, map);
	BEGIN();
	look_at(map, LENGTH);
	END(GREW(ANON, minor_read, N));
	BEGIN();
	/* The page of zeroes is replaced. */
	touch(map, LENGTH);
	END(GREW(ANON, minor_write, N));
	BEGIN();
	touch(map, LENGTH);
	look_at(map, LENGTH);
	END_WITHOUT_FAULTS();
	madvise(map, LENGTH, MADV_DONTNEED);
	BEGIN();
	touch(map, LENGTH);
	END(GREW(ANON, minor_write, N));
}

TEST_F(kind, write_protected_and_back)
{
	char *map = map_own_anon(LENGTH);

	ASSERT_NE(NULL, map);
	touch(map, LENGTH);
	mprotect(map, LENGTH, PROT_READ);
	mprotect(map, LENGTH, PROT_READ | PROT_WRITE);
	ASSERT_RIGHT(fault_read(getpid(), &before));
	touch(map, LENGTH);
	/* Some releases make them writable at once. */
	ASSERT_RIGHT(fault_read(getpid(), &after));
	END(GREW(ANON, minor_write, AS_MANY));
}

TEST_F(kind, huge_page)
{
	char *space = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	char *map = (char *)(((uintptr_t)space + HUGE - 1) & ~(HUGE - 1));

	ASSERT_NE(MAP_FAILED, space);
	if (madvise(map, HUGE, MADV_HUGEPAGE))
		SKIP(return, "no transparent huge pages");
	BEGIN();
	touch(map, HUGE);
	END_WITH_ONLY(ANON, minor_write);
}

TEST_F(kind, heap)
{
	char *map;

	sbrk((PAGE - (uintptr_t)sbrk(0) % PAGE) % PAGE);
	map = sbrk(LENGTH);
	ASSERT_NE((void *)-1, map);
	madvise(map, LENGTH, MADV_NOHUGEPAGE);
	BEGIN();
	look_at(map, LENGTH / 2);
	touch(map + LENGTH / 2, LENGTH / 2);
	END(GREW(HEAP, minor_read, N / 2), GREW(HEAP, minor_write, N / 2));
}

/* The name that /proc/self/maps has for it, and where the mapping begins. */
static char *map_start(const void *addr, char *name)
{
	unsigned long start, end;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	*name = 0;
	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %63s", &start, &end, name) < 2 ||
		    (uintptr_t)addr < start || (uintptr_t)addr >= end) {
			*name = 0;
			continue;
		}
		fclose(maps);
		return (char *)start;
	}
	if (maps)
		fclose(maps);
	return NULL;
}

/* Far from everything that is used of it. */
TEST_F(kind, stack)
{
	char name[64], *start = map_start(__builtin_frame_address(0), name);

	ASSERT_STREQ("[stack]", name);
	ASSERT_TRUE(settle());
	BEGIN();
	/* It grows page by page. */
	touch(start - PAGE, 1);
	touch(start - 2 * PAGE, 1);
	touch(start - 3 * PAGE, 1);
	END(GREW(STACK, minor_write, 3));
	BEGIN();
	/* And by many pages. */
	touch(start - 3 * PAGE - LENGTH, LENGTH);
	END(GREW(STACK, minor_write, N));
	BEGIN();
	look_at(start - 3 * PAGE - 2 * LENGTH, LENGTH);
	END(GREW(STACK, minor_read, N));
}

struct on_stack {
	pthread_barrier_t barrier;
	unsigned int step;
};

/* Spins: a thread that sleeps and wakes up may fault in who knows what. */
static void wait_for_step(struct on_stack *on_stack, unsigned int step)
{
	while (__atomic_load_n(&on_stack->step, __ATOMIC_ACQUIRE) != step)
		sched_yield();
}

static void set_step(struct on_stack *on_stack, unsigned int step)
{
	__atomic_store_n(&on_stack->step, step, __ATOMIC_RELEASE);
}

static void *touch_own_stack(void *data)
{
	struct on_stack *on_stack = data;
	char *below = (char *)__builtin_frame_address(0) - 4 * LENGTH;

	set_step(on_stack, 1);
	wait_for_step(on_stack, 2);
	touch(below, LENGTH);
	set_step(on_stack, 3);
	wait_for_step(on_stack, 4);
	return NULL;
}

TEST_F(kind, tstack)
{
	static struct on_stack on_stack;
	const size_t size = 8 * LENGTH;
	char *map = map_own_anon(size);
	pthread_attr_t attributes;
	pthread_t thread;

	ASSERT_NE(NULL, map);
	pthread_attr_init(&attributes);
	ASSERT_EQ(0, pthread_attr_setstack(&attributes, map, size));
	ASSERT_EQ(0, pthread_create(&thread, &attributes, touch_own_stack, &on_stack));
	wait_for_step(&on_stack, 1);
	BEGIN();
	set_step(&on_stack, 2);
	wait_for_step(&on_stack, 3);
	END(GREW(TSTACK, minor_write, N));
	set_step(&on_stack, 4);
	pthread_join(thread, NULL);
}

static char bss[LENGTH] __attribute__((aligned(PAGE)));

TEST_F(kind, bss)
{
	char name[64];

	map_start(bss, name);
	ASSERT_TRUE(settle());
	ASSERT_EQ(0, madvise(bss, LENGTH, MADV_DONTNEED));
	BEGIN();
	touch(bss, LENGTH);
	/* Where the heap happens to follow at once, both are one mapping. */
	if (!strcmp(name, "[heap]"))
		END(GREW(HEAP, minor_write, N));
	else
		END(GREW(BSS, minor_write, N));
}

static char initialised[LENGTH] __attribute__((aligned(PAGE))) = { 1 };

TEST_F(kind, own_data)
{
	ASSERT_EQ(0, madvise(initialised, LENGTH, MADV_DONTNEED));
	BEGIN();
	look_at(initialised, LENGTH);
	END(GREW(DATA, read, N));
	BEGIN();
	touch(initialised, LENGTH);
	END(GREW(DATA, minor_write, N), GREW(DATA, cow_faults, N));
}

/*
 * Files, of which all pages are in the page cache, each by itself.
 */

static int open_tmpfs(void)
{
	return fill(open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), 1);
}

/* Of no file system that has shared memory: ramfs. It goes when the file is closed. */
static int open_file(char byte)
{
	char directory[] = "/tmp/fault.XXXXXX", path[64];
	int fd;

	if (!mkdtemp(directory) || mount("ramfs", directory, "ramfs", 0, NULL))
		return -1;
	snprintf(path, sizeof(path), "%s/file", directory);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0700);
	umount2(directory, MNT_DETACH);
	rmdir(directory);
	return fill(fd, byte);
}

TEST_F(kind, rodata)
{
	const int fd = open_file(1);
	char *map = map_own(LENGTH, PROT_READ, MAP_PRIVATE, fd);

	ASSERT_NE(NULL, map);
	BEGIN();
	look_at(map, LENGTH);
	END(GREW(RODATA, minor_read, N));
}

/* A function that does nothing. */
#ifdef __aarch64__
static const unsigned char back[] = { 0xc0, 0x03, 0x5f, 0xd6 };
#else
static const unsigned char back[] = { 0xc3 };
#endif

TEST_F(kind, text)
{
	const int fd = open_file(1);
	char *map = map_own(LENGTH, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd);
	unsigned int i;

	ASSERT_NE(NULL, map);
	for (i = 0; i < N / 2; i++)
		ASSERT_EQ((ssize_t)sizeof(back), pwrite(fd, back, sizeof(back), i * PAGE));
	BEGIN();
	for (i = 0; i < N / 2; i++)
		((void (*)(void))(map + i * PAGE))();
	END(GREW(TEXT, minor_exec, N / 2));
	BEGIN();
	look_at(map + LENGTH / 2, LENGTH / 2);
	END(GREW(TEXT, minor_read, N / 2));
}

TEST_F(kind, private_file)
{
	const int fd = open_file(1);
	char *map = map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);

	ASSERT_NE(NULL, map);
	BEGIN();
	look_at(map, LENGTH / 2);
	END(GREW(DATA, minor_read, N / 2));
	BEGIN();
	touch(map, LENGTH);
	END(GREW(DATA, minor_write, N), GREW(DATA, cow_faults, N));
	BEGIN();
	touch(map, LENGTH);
	END_WITHOUT_FAULTS();
}

/* Fork shares them again; these are copies, but not of a file's pages alone. */
TEST_F(kind, private_file_after_fork)
{
	const int fd = open_file(1);
	char *map = map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	struct child child;

	ASSERT_NE(NULL, map);
	touch(map, LENGTH);
	child = child_start(NULL, NULL);
	ASSERT_NE(-1, child.pid);
	ASSERT_TRUE(settle());
	madvise(map, LENGTH, MADV_DONTNEED);
	BEGIN();
	touch(map, LENGTH);
	END(GREW(DATA, minor_write, N), GREW(DATA, cow_faults, N));
	child_end(&child);
}

/*
 * The same for whatever is shared: half of it is read, half is written to. Before 6.0 a
 * write that makes a page dirty is tried again, and then the kernel calls it major.
 */
#define SHARED(map, class) \
	do { \
		char *at = (map); \
\
		ASSERT_NE(NULL, at); \
		BEGIN(); \
		look_at(at, LENGTH / 2); \
		touch(at + LENGTH / 2, LENGTH / 2); \
		END(GREW(class, minor_read, N / 2), GREW(class, write, N / 2)); \
	} while (0)

TEST_F(kind, shm)
{
	SHARED(map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1), SHM);
}

TEST_F(kind, memfd)
{
	SHARED(map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, open_memfd()), MEMFD);
}

TEST_F(kind, tmpfs)
{
	SHARED(map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, open_tmpfs()), TMPFS);
}

TEST_F(kind, file)
{
	SHARED(map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, open_file(1)), FILE);
}

TEST_F(kind, sysv)
{
	const int id = shmget(IPC_PRIVATE, LENGTH, 0600);
	char *map = shmat(id, NULL, 0);

	shmctl(id, IPC_RMID, NULL);
	ASSERT_NE((void *)-1, map);
	SHARED(map, SYSV);
	shmdt(map);
}

TEST_F(kind, private_tmpfs)
{
	char *map = map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, open_tmpfs());

	ASSERT_NE(NULL, map);
	BEGIN();
	look_at(map, LENGTH / 2);
	touch(map + LENGTH / 2, LENGTH / 2);
	END(GREW(DATA, minor_read, N / 2), GREW(DATA, minor_write, N / 2),
	    GREW(DATA, cow_faults, N / 2));
}

/*
 * One after the other.
 */

/* Each fault of another kind, in another mapping, than the one before. */
TEST_F(kind, alternating)
{
	char *anon = map_own_anon(LENGTH);
	char *shm = map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	char *file = map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, open_file(1));
	unsigned int i;

	ASSERT_NE(NULL, anon);
	ASSERT_NE(NULL, shm);
	ASSERT_NE(NULL, file);
	BEGIN();
	for (i = 0; i < N; i++) {
		if (i % 2)
			look_at(anon + i * PAGE, 1);
		touch(anon + i * PAGE, 1);
		look_at(shm + i * PAGE, 1);
		touch(file + i * PAGE, 1);
	}
	END(GREW(ANON, minor_read, N / 2), GREW(ANON, minor_write, N),
	    GREW(SHM, minor_read, N), GREW(DATA, minor_write, N), GREW(DATA, cow_faults, N));
}

/* At one address, of one size: only what is mapped there tells them apart. */
TEST_F(kind, same_place)
{
	const int memfd = open_memfd(), tmpfs = open_tmpfs(), file = open_file(1);
	const struct {
		int prot, flags, fd;
		enum memclass_class class;
	} kinds[] = {
#define RW (PROT_READ | PROT_WRITE)
		{ RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, MEMCLASS_CLASS_ANON },
		{ RW, MAP_PRIVATE, file, MEMCLASS_CLASS_DATA },
		{ PROT_READ, MAP_PRIVATE, file, MEMCLASS_CLASS_RODATA },
		{ PROT_READ | PROT_EXEC, MAP_PRIVATE, file, MEMCLASS_CLASS_TEXT },
		{ RW, MAP_PRIVATE, memfd, MEMCLASS_CLASS_DATA },
		{ RW, MAP_SHARED | MAP_ANONYMOUS, -1, MEMCLASS_CLASS_SHM },
		{ RW, MAP_SHARED, memfd, MEMCLASS_CLASS_MEMFD },
		{ RW, MAP_SHARED, tmpfs, MEMCLASS_CLASS_TMPFS },
		{ RW, MAP_SHARED, file, MEMCLASS_CLASS_FILE },
		{ RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, MEMCLASS_CLASS_ANON },
#undef RW
	};
	char *place = map_own(LENGTH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	unsigned int round, i;

	ASSERT_NE(NULL, place);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(kinds); i++) {
			ASSERT_EQ(place, mmap(place, LENGTH, kinds[i].prot,
					      kinds[i].flags | MAP_FIXED, kinds[i].fd, 0));
			madvise(place, LENGTH, MADV_NOHUGEPAGE);
			BEGIN();
			look_at(place, LENGTH);
			END({ kinds[i].class, FAULT_minor_read, N });
		}
	}
}

/* The same mapping becomes another class when it may be used otherwise. */
TEST_F(kind, protection_that_changes)
{
	char *map = map_own(LENGTH, PROT_READ, MAP_PRIVATE, open_file(1));

	ASSERT_NE(NULL, map);
	BEGIN();
	look_at(map, PAGE);
	END(GREW(RODATA, minor_read, 1));
	ASSERT_EQ(0, mprotect(map, LENGTH, PROT_READ | PROT_WRITE));
	BEGIN();
	look_at(map + PAGE, PAGE);
	touch(map + 2 * PAGE, PAGE);
	END(GREW(DATA, minor_read, 1), GREW(DATA, minor_write, 1), GREW(DATA, cow_faults, 1));
	ASSERT_EQ(0, mprotect(map, LENGTH, PROT_READ | PROT_EXEC));
	BEGIN();
	look_at(map + 3 * PAGE, PAGE);
	END(GREW(TEXT, minor_read, 1));
}

/* What the program break gives up and something else takes. */
TEST_F(kind, break_that_moves)
{
	char *map;

	sbrk((PAGE - (uintptr_t)sbrk(0) % PAGE) % PAGE);
	map = sbrk(LENGTH);
	ASSERT_NE((void *)-1, map);
	BEGIN();
	touch(map, LENGTH / 2);
	END(GREW(HEAP, minor_write, N / 2));
	sbrk(-(long)LENGTH);
	ASSERT_EQ(map, mmap(map, LENGTH, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	BEGIN();
	touch(map, LENGTH / 2);
	ASSERT_RIGHT(fault_read(getpid(), &after));
	EXPECT_EQ(N / 2, AS_MANY);
	/* It may have become one mapping with the heap before it: that is the heap. */
	if (after.record.faults[MEMCLASS_CLASS_ANON].minor_write)
		END(GREW(ANON, minor_write, N / 2));
	else
		END(GREW(HEAP, minor_write, N / 2));
	ASSERT_EQ(0, munmap(map, LENGTH));
	ASSERT_EQ(map, sbrk(LENGTH));
	BEGIN();
	touch(map, LENGTH / 2);
	END(GREW(HEAP, minor_write, N / 2));
}

/*
 * Other kinds.
 */

TEST_F(kind, special)
{
	char *vdso = (char *)getauxval(AT_SYSINFO_EHDR), name[64];

	ASSERT_NE(NULL, vdso);
	map_start(vdso, name);
	ASSERT_STREQ("[vdso]", name);
	if (madvise(vdso, PAGE, MADV_DONTNEED))
		SKIP(return, "the vdso's pages cannot be given back");
	BEGIN();
	look_at(vdso, PAGE);
	END(GREW(SPECIAL, minor_read, 1));
}

TEST_F(kind, device)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
	};
	const int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	char *map = mmap(NULL, 5 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	ASSERT_NE(MAP_FAILED, map);
	BEGIN();
	look_at(map, 5 * PAGE);
	/* Newer releases map all of it at once. */
	ASSERT_RIGHT(fault_read(getpid(), &after));
	END(GREW(DEVICE, minor_read, AS_MANY));
}

#define HUGE_PAGES	"/proc/sys/vm/nr_hugepages"

static void hugetlb(struct __test_metadata *_metadata, int flags)
{
	char *map, reserved[32];

	text_read(HUGE_PAGES, reserved, sizeof(reserved));
	text_write(HUGE_PAGES, "8");
	map = mmap(NULL, 4 * HUGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_HUGETLB,
		   -1, 0);
	if (map == MAP_FAILED) {
		text_write(HUGE_PAGES, reserved);
		SKIP(return, "no huge pages to be had");
	}
	BEGIN();
	look_at(map, 1);
	look_at(map + HUGE, 1);
	touch(map + 2 * HUGE, 1);
	touch(map + 3 * HUGE, 1);
	END(GREW(HUGETLB, minor_read, 2), GREW(HUGETLB, minor_write, 2));
	munmap(map, 4 * HUGE);
	text_write(HUGE_PAGES, reserved);
}

TEST_F(kind, hugetlb_private)
{
	hugetlb(_metadata, MAP_PRIVATE);
}

TEST_F(kind, hugetlb_shared)
{
	hugetlb(_metadata, MAP_SHARED);
}

TEST_HARNESS_MAIN
