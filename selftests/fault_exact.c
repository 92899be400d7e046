// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: each page fault of a process is counted once, in the class of what it hit and
 * as what it was, and faults that failed are not counted.
 * Oracle: min_flt and maj_flt of /proc/PID/stat for the sums, and for each class the
 * number of pages that the test touched, one by one, and that nothing else was.
 */
#include "fault.h"

#include <linux/futex.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#define N	64U
#define LENGTH	(N * PAGE)
#define HUGE	(2 * MIB)

static struct fault_reading before, after;

/* From here on, ... */
#define BEGIN() ASSERT_RIGHT(fault_read(getpid(), &before))

/* ... to here, there were these faults and no others. */
#define END(...) \
	do { \
		const struct growth growth[] = { __VA_ARGS__ }; \
\
		ASSERT_RIGHT(fault_read(getpid(), &after)); \
		EXPECT_RIGHT(fault_growth(&before, &after, growth, ARRAY_SIZE(growth))); \
		/* And all since this process was forked. */ \
		EXPECT_RIGHT(fault_exact(&fault_none, &after)); \
	} while (0)

#define END_WITHOUT_FAULTS()	END(GREW(ANON, write, 0))

/* As many as the kernel counted: where that differs from release to release. */
#define AS_MANY	((after.minor - before.minor) + (after.major - before.major))

#define END_WITH_ONLY(class, field) \
	do { \
		ASSERT_RIGHT(fault_read(getpid(), &after)); \
		EXPECT_NE(0U, AS_MANY); \
		END(GREW(class, field, AS_MANY)); \
	} while (0)

FIXTURE(kind)
{
	char around[32];
};

FIXTURE_SETUP(kind)
{
	char why[128];

	if (!faults_are_on(why))
		SKIP(return, "faults are off: %s", why);
	/* A fault in a file is for one page, and not for those around it. */
	text_read(FAULT_AROUND, self->around, sizeof(self->around));
	ASSERT_TRUE(text_write(FAULT_AROUND, "4096"));
	/* The harness forked this process: what it shares comes first. */
	ASSERT_TRUE(settle());
}

FIXTURE_TEARDOWN(kind)
{
	if (self->around[0])
		text_write(FAULT_AROUND, self->around);
}

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

static int fill(int fd, char byte)
{
	static char page[PAGE];
	unsigned int i;

	memset(page, byte, sizeof(page));
	for (i = 0; fd >= 0 && i < N; i++) {
		if (pwrite(fd, page, sizeof(page), i * PAGE) != sizeof(page))
			return -1;
	}
	return fd;
}

static int open_tmpfs(void)
{
	return fill(open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), 1);
}

static int open_memfd(void)
{
	return fill(memfd_create("fault", MFD_CLOEXEC), 1);
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

/*
 * Faults of the kernel on the process's behalf.
 */

TEST_F(kind, copied_to_user)
{
	const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *map = map_own_anon(LENGTH);

	ASSERT_NE(NULL, map);
	BEGIN();
	ASSERT_EQ((ssize_t)LENGTH, read(zero, map, LENGTH));
	END(GREW(ANON, minor_write, N));
}

TEST_F(kind, copied_from_user)
{
	const int fd = open_memfd();
	char *map = map_own_anon(LENGTH);

	ASSERT_NE(NULL, map);
	BEGIN();
	ASSERT_EQ((ssize_t)LENGTH, pwrite(fd, map, LENGTH, 0));
	END(GREW(ANON, minor_read, N));
}

TEST_F(kind, mlock)
{
	char *map = map_own_anon(LENGTH);

	ASSERT_NE(NULL, map);
	BEGIN();
	ASSERT_EQ(0, mlock(map, LENGTH));
	END(GREW(ANON, minor_write, N));
}

TEST_F(kind, populated)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
	char *map;

	BEGIN();
	/* Too small for a huge page. */
	map = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, flags, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	END(GREW(ANON, minor_write, N));
}

/* A futex operation cannot sleep, and has the page brought in by other means. */
TEST_F(kind, futex)
{
	char *map = map_own_anon(LENGTH);
	static int woken;
	unsigned int i;

	ASSERT_NE(NULL, map);
	BEGIN();
	for (i = 0; i < N; i++)
		ASSERT_EQ(0, syscall(SYS_futex, &woken, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, 1,
				     map + i * PAGE,
				     FUTEX_OP(FUTEX_OP_SET, 1, FUTEX_OP_CMP_EQ, 0)));
	END_WITH_ONLY(ANON, minor_write);
}

/*
 * Another process's memory. Its own faults are none of it.
 */

FIXTURE(remote)
{
	char *map;
	struct child child;
	struct fault_reading child_before, child_after;
	int file;
};

static void do_nothing(const struct child *parent, void *data)
{
	if (!settle())
		_exit(1);
	madvise(data, LENGTH, MADV_DONTNEED);
}

FIXTURE_SETUP(remote)
{
	char why[128];

	if (!faults_are_on(why))
		SKIP(return, "faults are off: %s", why);
	self->map = map_own_anon(LENGTH);
	ASSERT_NE(NULL, self->map);
	self->child = child_start(do_nothing, self->map);
	ASSERT_NE(-1, self->child.pid);
	ASSERT_TRUE(settle());
	ASSERT_RIGHT(fault_read(self->child.pid, &self->child_before));
	EXPECT_RIGHT(fault_exact(&fault_none, &self->child_before));
}

FIXTURE_TEARDOWN(remote)
{
	const struct growth growth[] = { GREW(ANON, write, 0) };

	if (!self->child.pid)
		return;
	EXPECT_RIGHT(fault_read(self->child.pid, &self->child_after));
	EXPECT_RIGHT(fault_growth(&self->child_before, &self->child_after, growth, 1));
	child_end(&self->child);
}

TEST_F(remote, process_vm_readv)
{
	static char here[LENGTH];
	const struct iovec local = { here, LENGTH }, remote = { self->map, LENGTH };

	BEGIN();
	ASSERT_EQ((ssize_t)LENGTH, process_vm_readv(self->child.pid, &local, 1, &remote, 1, 0));
	END(GREW(ANON, minor_read, N), GREW(ANON, remote_faults, N));
}

TEST_F(remote, process_vm_writev)
{
	static char here[LENGTH];
	const struct iovec local = { here, LENGTH }, remote = { self->map, LENGTH };

	BEGIN();
	ASSERT_EQ((ssize_t)LENGTH, process_vm_writev(self->child.pid, &local, 1, &remote, 1, 0));
	END(GREW(ANON, minor_write, N), GREW(ANON, remote_faults, N));
}

TEST_F(remote, proc_mem)
{
	static char here[LENGTH];
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", self->child.pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	BEGIN();
	ASSERT_EQ((ssize_t)LENGTH / 2, pread(fd, here, LENGTH / 2, (uintptr_t)self->map));
	ASSERT_EQ((ssize_t)LENGTH / 2,
		  pwrite(fd, here, LENGTH / 2, (uintptr_t)self->map + LENGTH / 2));
	END(GREW(ANON, minor_read, N / 2), GREW(ANON, minor_write, N / 2),
	    GREW(ANON, remote_faults, N));
	close(fd);
}

TEST_F(remote, ptrace)
{
	unsigned int i;

	/* Seized and never stopped it can be looked at, not with PEEKDATA. */
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, self->child.pid, 0, 0));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, self->child.pid, 0, 0));
	ASSERT_EQ(self->child.pid, waitpid(self->child.pid, NULL, 0));
	BEGIN();
	for (i = 0; i < N / 2; i++) {
		errno = 0;
		ASSERT_EQ(0, ptrace(PTRACE_PEEKDATA, self->child.pid, self->map + i * PAGE, 0));
		ASSERT_EQ(0, errno);
	}
	for (; i < N; i++)
		ASSERT_EQ(0, ptrace(PTRACE_POKEDATA, self->child.pid, self->map + i * PAGE, 1));
	END(GREW(ANON, minor_read, N / 2), GREW(ANON, minor_write, N / 2),
	    GREW(ANON, remote_faults, N));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, self->child.pid, 0, 0));
}

/*
 * Faults that fail.
 */

static sigjmp_buf caught;
static volatile unsigned int signals;

static void go_on(int number)
{
	signals++;
	siglongjmp(caught, 1);
}

static void touch_failing(char *map)
{
	static volatile unsigned int i;

	for (i = 0; i < N; i++) {
		if (!sigsetjmp(caught, 1))
			*(volatile char *)(map + i * PAGE) = 1;
	}
}

static void catch_signals(void)
{
	signal(SIGSEGV, go_on);
	signal(SIGBUS, go_on);
}

TEST_F(kind, segfault)
{
	char *none = map_own(LENGTH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *reading = map_own(LENGTH, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	ASSERT_NE(NULL, none);
	ASSERT_NE(NULL, reading);
	catch_signals();
	BEGIN();
	touch_failing(none);
	touch_failing(reading);
	/* Nothing is mapped there at all. */
	touch_failing(none - (1UL << 32));
	EXPECT_EQ(3 * N, signals);
	END_WITHOUT_FAULTS();
}

TEST_F(kind, behind_the_end_of_a_file)
{
	char *shared = map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED,
			       memfd_create("empty", MFD_CLOEXEC));
	char *private = map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE,
				memfd_create("empty", MFD_CLOEXEC));

	ASSERT_NE(NULL, shared);
	ASSERT_NE(NULL, private);
	catch_signals();
	BEGIN();
	touch_failing(shared);
	touch_failing(private);
	EXPECT_EQ(2 * N, signals);
	END_WITHOUT_FAULTS();
}

TEST_F(kind, efault)
{
	const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *none = map_own(LENGTH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *empty = map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED,
			      memfd_create("empty", MFD_CLOEXEC));
	unsigned int i;
	int pipes[2];

	ASSERT_NE(NULL, none);
	ASSERT_NE(NULL, empty);
	ASSERT_EQ(0, pipe(pipes));
	BEGIN();
	for (i = 0; i < N; i++) {
		ASSERT_EQ(-1, write(pipes[1], none + i * PAGE, 1));
		ASSERT_EQ(EFAULT, errno);
		ASSERT_EQ(-1, write(pipes[1], empty + i * PAGE, 1));
		ASSERT_EQ(EFAULT, errno);
		ASSERT_EQ(-1, read(zero, none + i * PAGE, 1));
		ASSERT_EQ(-1, read(zero, empty + i * PAGE, 1));
	}
	END_WITHOUT_FAULTS();
}

/* Those that succeed between those that do not. */
TEST_F(kind, failing_in_between)
{
	char *map = map_own_anon(LENGTH);
	unsigned int i;

	ASSERT_NE(NULL, map);
	for (i = 0; i < N; i += 2)
		ASSERT_EQ(0, mprotect(map + i * PAGE, PAGE, PROT_NONE));
	catch_signals();
	BEGIN();
	touch_failing(map);
	EXPECT_EQ(N / 2, signals);
	END(GREW(ANON, minor_write, N / 2));
}

/*
 * Userfaultfd: a thread of this process brings in what is missing. The fault is tried
 * again then, and counts once.
 */

static struct uffd {
	int fd;
	unsigned int served;
	bool hold;			/* not yet */
	/* Serves a fault at @addr. */
	int (*serve)(int fd, unsigned long addr);
} uffd;

static char uffd_page[PAGE] __attribute__((aligned(PAGE)));

static int uffd_copy(int fd, unsigned long addr)
{
	struct uffdio_copy copy = { .dst = addr, .src = (uintptr_t)uffd_page, .len = PAGE };

	return ioctl(fd, UFFDIO_COPY, &copy);
}

static int uffd_zero(int fd, unsigned long addr)
{
	struct uffdio_zeropage zero = { .range = { addr, PAGE } };

	return ioctl(fd, UFFDIO_ZEROPAGE, &zero);
}

static int uffd_continue(int fd, unsigned long addr)
{
	struct uffdio_continue go_on = { .range = { addr, PAGE } };

	return ioctl(fd, UFFDIO_CONTINUE, &go_on);
}

static int uffd_unprotect(int fd, unsigned long addr)
{
	struct uffdio_writeprotect protect = { .range = { addr, PAGE } };

	return ioctl(fd, UFFDIO_WRITEPROTECT, &protect);
}

static void *uffd_serve(void *unused)
{
	struct uffd_msg message;

	while (read(uffd.fd, &message, sizeof(message)) == sizeof(message)) {
		while (__atomic_load_n(&uffd.hold, __ATOMIC_ACQUIRE))
			sched_yield();
		/* Whoever is served may run before this thread does again. */
		__atomic_add_fetch(&uffd.served, 1, __ATOMIC_RELEASE);
		if (message.event != UFFD_EVENT_PAGEFAULT ||
		    uffd.serve(uffd.fd, message.arg.pagefault.address & ~(PAGE - 1)))
			abort();
	}
	return NULL;
}

/* Return: whether the kernel has that, and then a thread that serves. */
static bool uffd_begin(uint64_t features, int (*serve)(int fd, unsigned long addr))
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	pthread_t thread;

	uffd.fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd.fd < 0 || ioctl(uffd.fd, UFFDIO_API, &api))
		return false;
	uffd.serve = serve;
	if (serve && pthread_create(&thread, NULL, uffd_serve, NULL))
		return false;
	/* The thread's stack as well, and what it does. */
	usleep(10000);
	return settle();
}

static bool uffd_register(char *map, size_t length, uint64_t mode)
{
	struct uffdio_register area = { .range = { (uintptr_t)map, length }, .mode = mode };

	return !ioctl(uffd.fd, UFFDIO_REGISTER, &area);
}

TEST_F(kind, uffd_missing)
{
	char *map;

	if (!uffd_begin(0, uffd_copy))
		SKIP(return, "no userfaultfd");
	map = map_own_anon(LENGTH);
	ASSERT_NE(NULL, map);
	ASSERT_TRUE(uffd_register(map, LENGTH, UFFDIO_REGISTER_MODE_MISSING));
	touch(map, PAGE);
	ASSERT_TRUE(settle());
	BEGIN();
	touch(map + LENGTH / 2, LENGTH / 2);
	END_WITHOUT_FAULTS();
	madvise(map, LENGTH, MADV_DONTNEED);
	uffd.served = 0;
	BEGIN();
	touch(map, LENGTH);
	EXPECT_EQ(N, uffd.served);
	END(GREW(ANON, write, N));
}

TEST_F(kind, uffd_zeropage)
{
	char *map;

	if (!uffd_begin(0, uffd_zero))
		SKIP(return, "no userfaultfd");
	map = map_own_anon(LENGTH);
	ASSERT_NE(NULL, map);
	ASSERT_TRUE(uffd_register(map, LENGTH, UFFDIO_REGISTER_MODE_MISSING));
	/* The thread's own faults, for its first message. */
	look_at(map, PAGE);
	BEGIN();
	look_at(map + PAGE, LENGTH - PAGE);
	END(GREW(ANON, read, N - 1));
}

TEST_F(kind, uffd_in_the_kernel)
{
	const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *map;

	if (!uffd_begin(0, uffd_copy))
		SKIP(return, "no userfaultfd");
	map = map_own_anon(LENGTH);
	ASSERT_NE(NULL, map);
	ASSERT_TRUE(uffd_register(map, LENGTH, UFFDIO_REGISTER_MODE_MISSING));
	touch(map, PAGE);
	BEGIN();
	ASSERT_EQ((ssize_t)(LENGTH - PAGE), read(zero, map + PAGE, LENGTH - PAGE));
	END(GREW(ANON, write, N - 1));
}

TEST_F(kind, uffd_minor)
{
	char *map, *alias;
	int fd;

	if (!uffd_begin(UFFD_FEATURE_MINOR_SHMEM, uffd_continue))
		SKIP(return, "this kernel's userfaultfd has no minor faults for shmem");
	fd = open_memfd();
	map = map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	alias = map_own(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	ASSERT_NE(NULL, map);
	ASSERT_NE(NULL, alias);
	touch(alias, LENGTH);
	ASSERT_TRUE(uffd_register(map, LENGTH, UFFDIO_REGISTER_MODE_MINOR));
	touch(map, PAGE);
	BEGIN();
	touch(map + PAGE, LENGTH - PAGE);
	END(GREW(MEMFD, write, N - 1));
	EXPECT_EQ(N, uffd.served);
}

TEST_F(kind, uffd_write_protected)
{
	struct uffdio_writeprotect protect = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	char *map;

	if (!uffd_begin(UFFD_FEATURE_PAGEFAULT_FLAG_WP, uffd_unprotect))
		SKIP(return, "this kernel's userfaultfd cannot protect");
	map = map_own_anon(LENGTH);
	ASSERT_NE(NULL, map);
	touch(map, LENGTH);
	ASSERT_TRUE(uffd_register(map, LENGTH, UFFDIO_REGISTER_MODE_WP));
	protect.range.start = (uintptr_t)map;
	protect.range.len = LENGTH;
	ASSERT_EQ(0, ioctl(uffd.fd, UFFDIO_WRITEPROTECT, &protect));
	touch(map, PAGE);
	BEGIN();
	touch(map + PAGE, LENGTH - PAGE);
	ASSERT_RIGHT(fault_read(getpid(), &after));
	EXPECT_LE(N - 1, AS_MANY);
	END(GREW(ANON, write, AS_MANY));
	EXPECT_EQ(N, uffd.served);
}

TEST_F(kind, uffd_sigbus)
{
	char *map;

	if (!uffd_begin(UFFD_FEATURE_SIGBUS, NULL))
		SKIP(return, "this kernel's userfaultfd does not do that");
	map = map_own_anon(LENGTH);
	ASSERT_NE(NULL, map);
	ASSERT_TRUE(uffd_register(map, LENGTH, UFFDIO_REGISTER_MODE_MISSING));
	catch_signals();
	BEGIN();
	touch_failing(map);
	EXPECT_EQ(N, signals);
	END_WITHOUT_FAULTS();
}

static void *touch_two(void *map)
{
	touch(map, 2 * PAGE);
	return NULL;
}

/* A fault that is not over yet is not counted yet, whoever asks in between. */
TEST_F(kind, uffd_asleep)
{
	pthread_t thread;
	char *map;

	if (!uffd_begin(0, uffd_copy))
		SKIP(return, "no userfaultfd");
	map = map_own_anon(LENGTH);
	ASSERT_NE(NULL, map);
	ASSERT_TRUE(uffd_register(map, LENGTH, UFFDIO_REGISTER_MODE_MISSING));
	touch(map + 2 * PAGE, PAGE);
	__atomic_store_n(&uffd.hold, true, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_create(&thread, NULL, touch_two, map));
	usleep(100000);
	BEGIN();
	EXPECT_RIGHT(fault_exact(&fault_none, &before));
	END_WITHOUT_FAULTS();
	__atomic_store_n(&uffd.hold, false, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	ASSERT_RIGHT(fault_read(getpid(), &after));
	EXPECT_RIGHT(fault_exact(&before, &after));
	EXPECT_EQ(2U, fault_get(&after.record.faults[MEMCLASS_CLASS_ANON], FAULT_write) -
			      fault_get(&before.record.faults[MEMCLASS_CLASS_ANON], FAULT_write));
}

/*
 * Many at once: on several processors, in mappings of their own, so that newer
 * releases need only the lock of the one mapping.
 */

#define THREADS	8
#define ROUNDS	20

struct crowd {
	char *maps[THREADS];
	pthread_barrier_t barrier;
};

struct in_crowd {
	struct crowd *crowd;
	unsigned int me;
};

static void *fault_in_crowd(void *data)
{
	const struct in_crowd *in_crowd = data;
	struct crowd *crowd = in_crowd->crowd;
	char *map = crowd->maps[in_crowd->me];
	unsigned int round;

	pthread_barrier_wait(&crowd->barrier);
	for (round = 0; round < ROUNDS; round++) {
		touch(map, LENGTH);
		madvise(map, LENGTH, MADV_DONTNEED);
		look_at(map, LENGTH);
		madvise(map, LENGTH, MADV_DONTNEED);
	}
	pthread_barrier_wait(&crowd->barrier);
	pthread_barrier_wait(&crowd->barrier);
	return NULL;
}

static void crowd(struct __test_metadata *_metadata, int flags, enum memclass_class class)
{
	static struct in_crowd in_crowd[THREADS];
	static struct crowd crowd;
	const struct memclass_faults *faults = &after.record.faults[class];
	pthread_t threads[THREADS];
	uint64_t reads, writes;
	unsigned int i;

	pthread_barrier_init(&crowd.barrier, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++) {
		crowd.maps[i] = map_own(LENGTH, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1);
		ASSERT_NE(NULL, crowd.maps[i]);
		in_crowd[i].crowd = &crowd;
		in_crowd[i].me = i;
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, fault_in_crowd, &in_crowd[i]));
	}
	BEGIN();
	writes = fault_get(&before.record.faults[class], FAULT_write) + THREADS * ROUNDS * N;
	reads = fault_get(&before.record.faults[class], FAULT_read) + THREADS * ROUNDS * N;
	pthread_barrier_wait(&crowd.barrier);
	pthread_barrier_wait(&crowd.barrier);
	/* All of them live, asleep at the barrier. */
	usleep(10000);
	ASSERT_RIGHT(fault_read(getpid(), &after));
	EXPECT_RIGHT(fault_exact(&fault_none, &after));
	EXPECT_EQ(writes, fault_get(faults, FAULT_write));
	EXPECT_EQ(reads, fault_get(faults, FAULT_read));
	pthread_barrier_wait(&crowd.barrier);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	/* And dead. */
	ASSERT_RIGHT(fault_read(getpid(), &after));
	EXPECT_RIGHT(fault_exact(&fault_none, &after));
	EXPECT_EQ(writes, fault_get(faults, FAULT_write));
	EXPECT_EQ(reads, fault_get(faults, FAULT_read));
}

TEST_F(kind, many_threads_anon)
{
	crowd(_metadata, MAP_PRIVATE, MEMCLASS_CLASS_ANON);
}

/* A read finds the page that was written before: that may bring in others. */
TEST_F(kind, many_threads_shm)
{
	crowd(_metadata, MAP_SHARED, MEMCLASS_CLASS_SHM);
}

TEST_HARNESS_MAIN
