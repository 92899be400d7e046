// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: a page fault is counted once and for the process that took it, whoever caused it:
 * the kernel, another process, userfaultfd, many threads at once; and faults that failed
 * are not counted.
 * Oracle: min_flt and maj_flt of /proc/PID/stat for the sums, and for each class the
 * number of pages that the test touched, one by one, and that nothing else was.
 */
#include "fault.h"

#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "lib/patience.h"

#include "fault_kind.h"

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
