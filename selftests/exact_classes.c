// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: every mapping has the class that DESIGN.md's table gives it, also where its
 * name or its place says something else, and its columns are the kernel's.
 *
 * Oracle: what the test mapped itself; /proc of each process.
 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <pthread.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "lib/kernel.h"
#include "lib/small_program.h"
#include "lib/state_test.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

#define PAGES	32UL
#define LENGTH	(PAGES * PAGE)

/*
 * The program break's.
 */
STATE(heap)
{
	char *heap = sbrk(LENGTH);

	MUST(heap != (char *)-1);
	heap = (char *)(((uintptr_t)heap + PAGE - 1) / PAGE * PAGE);
	touch(heap, LENGTH - PAGE);
	expect_class(heap, LENGTH - PAGE, MEMCLASS_CLASS_HEAP);
}

STATE(heap_split_by_mprotect)
{
	char *heap;

	MUST(sbrk(-(uintptr_t)sbrk(0) % PAGE) != (void *)-1);
	heap = sbrk(LENGTH);
	MUST(heap != (char *)-1 && sbrk(LENGTH) != (void *)-1);
	touch(heap, 2 * LENGTH);
	MUST(!mprotect(heap + 8 * PAGE, 8 * PAGE, PROT_READ));
	MUST(!mprotect(heap + 16 * PAGE, 8 * PAGE, PROT_NONE));
	MUST(!mprotect(heap + 24 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
	expect_class(heap, 2 * LENGTH, MEMCLASS_CLASS_HEAP);
	expect_vmas(heap + 8 * PAGE, 24 * PAGE, 3);
	EXPECT_BYTES(heap + 8 * PAGE, 24 * PAGE, private_dirty, 24 * PAGE);
}

STATE(heap_never_used)
{
	struct small_program program = { .bits = 64, .bss = PAGE };

	expect_of(small_program_start(&program));
	expect_class((void *)SMALL_BSS, PAGE, MEMCLASS_CLASS_BSS);
	expect_class((void *)SMALL_DATA, PAGE, MEMCLASS_CLASS_DATA);
	expect_class((void *)SMALL_TEXT, PAGE, MEMCLASS_CLASS_TEXT);
	expect_total(MEMCLASS_COLUMN_vmas, 4, 8);
	expect_of(0);
}

STATE(heap_without_bss)
{
	struct small_program program = { .bits = 64, .brk = LENGTH };

	expect_of(small_program_start(&program));
	expect_class((void *)SMALL_DATA, PAGE, MEMCLASS_CLASS_DATA);
	expect_of(0);
}

/* Without address space randomisation both are one mapping where the kernel merges them. */
STATE(heap_that_follows_the_bss)
{
	struct small_program program = {
		.bits = 64,
		.bss = 4 * PAGE,
		.brk = LENGTH,
		.personality = ADDR_NO_RANDOMIZE,
	};

	expect_of(small_program_start(&program));
	expect_class((char *)SMALL_BSS + 4 * PAGE, LENGTH, MEMCLASS_CLASS_HEAP);
	EXPECT_BYTES((void *)SMALL_BSS, 4 * PAGE + LENGTH, rss, 2 * PAGE);
	expect_of(0);
}

/*
 * The program's own.
 */
static char in_bss[LENGTH] __attribute__((aligned(4096)));
static char in_data[LENGTH] __attribute__((aligned(4096))) = { 1 };
static const char in_rodata[LENGTH] __attribute__((aligned(4096))) = { 1 };

STATE(program)
{
	touch(in_bss, LENGTH / 2);
	touch(in_data, LENGTH / 2);
	look_at(in_rodata, LENGTH / 2);
	expect_class(in_bss, LENGTH, MEMCLASS_CLASS_BSS);
	expect_class(in_data, LENGTH, MEMCLASS_CLASS_DATA);
	expect_class(in_rodata, LENGTH, MEMCLASS_CLASS_RODATA);
	expect_class(touch, 1, MEMCLASS_CLASS_TEXT);
}

STATE(bss_split_by_mprotect)
{
	touch(in_bss, LENGTH);
	MUST(!mprotect(in_bss + 8 * PAGE, 8 * PAGE, PROT_READ));
	expect_class(in_bss, LENGTH, MEMCLASS_CLASS_BSS);
	expect_vmas(in_bss + 8 * PAGE, 8 * PAGE, 1);
}

/* The same file, the same pages: it is the permissions that make the class. */
static void permissions_make_the_class(const void *argument)
{
	const struct memory *memory = argument;
	int fd = memory_open(memory, LENGTH);
	char *copies[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		copies[i] = memory_map(memory, fd, LENGTH, 0);
		touch(copies[i], 4 * PAGE);
		EXPECT_BYTES(copies[i], LENGTH, cow, 4 * PAGE);
	}
	MUST(!mprotect(copies[0], LENGTH, PROT_READ | PROT_EXEC));
	MUST(!mprotect(copies[1], LENGTH, PROT_READ | PROT_WRITE | PROT_EXEC));
	MUST(!mprotect(copies[2], LENGTH, PROT_READ));
	MUST(!mprotect(copies[3], LENGTH, PROT_NONE));
	expect_class(copies[0], LENGTH, MEMCLASS_CLASS_TEXT);
	expect_class(copies[1], LENGTH, MEMCLASS_CLASS_TEXT);
	expect_class(copies[2], LENGTH, MEMCLASS_CLASS_RODATA);
	expect_class(copies[3], LENGTH, MEMCLASS_CLASS_RODATA);
}

STATE_OVER(permissions_make_the_class, private_memfd);
STATE_OVER(permissions_make_the_class, private_tmpfs);
STATE_OVER(permissions_make_the_class, private_file);

STATE(deleted_program)
{
	struct small_program program = { .bits = 64, .bss = PAGE };
	char path[64];

	snprintf(path, sizeof(path), "%s/program", tmpfs_directory());
	program.path = path;
	expect_of(small_program_start(&program));
	MUST(!unlink(path));
	expect_class((void *)SMALL_TEXT, PAGE, MEMCLASS_CLASS_TEXT);
	expect_class((void *)SMALL_DATA, PAGE, MEMCLASS_CLASS_DATA);
	expect_of(0);
}

STATE(program_of_32_bits)
{
	struct small_program program = { .bits = 32, .bss = 2 * PAGE, .brk = LENGTH };

	expect_of(small_program_start(&program));
	expect_class((void *)SMALL_TEXT, PAGE, MEMCLASS_CLASS_TEXT);
	expect_class((void *)SMALL_DATA, PAGE, MEMCLASS_CLASS_DATA);
	expect_class((void *)SMALL_BSS, 2 * PAGE, MEMCLASS_CLASS_BSS);
	EXPECT_BYTES((void *)SMALL_BSS, 2 * PAGE, rss, PAGE);
	/* All of it is below 4 GiB. */
	expect_vmas((void *)(1UL << 32), (1UL << 47) - (1UL << 32), 0);
	expect_of(0);
}

/*
 * Stacks.
 */
STATE(stack)
{
	char *on_stack = __builtin_alloca(LENGTH);

	touch(on_stack, LENGTH);
	expect_class(on_stack, LENGTH, MEMCLASS_CLASS_STACK);
}

/* What mprotect() cuts off the stack is no more part of it than for /proc. */
STATE(stack_split_by_mprotect)
{
	char *on_stack = __builtin_alloca(2 * LENGTH);
	char *middle = (char *)((uintptr_t)(on_stack + LENGTH) / PAGE * PAGE);

	touch(on_stack, 2 * LENGTH);
	MUST(!mprotect(middle, 8 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
	expect_class(middle, 8 * PAGE, MEMCLASS_CLASS_ANON);
	expect_class(environ, 1, MEMCLASS_CLASS_STACK);
}

struct thread {
	pthread_t thread;
	char *stack;
	size_t length;
	int ready;
};

__attribute__((noreturn)) static void *hold_in_thread(void *argument)
{
	struct thread *thread = argument;
	char *here = __builtin_frame_address(0);

	/* All of the stack below this frame, and the first page of a red zone. */
	touch(thread->stack, here - 4 * PAGE - thread->stack);
	give_back_counts();
	__atomic_store_n(&thread->ready, 1, __ATOMIC_RELEASE);
	for (;;)
		poll(NULL, 0, -1);
}

static bool is_ready(const void *argument)
{
	return __atomic_load_n((const int *)argument, __ATOMIC_ACQUIRE);
}

static void start_thread(struct thread *thread, char *stack, size_t length,
			 void *(*run)(void *argument))
{
	pthread_attr_t attributes;

	thread->stack = stack;
	thread->length = length;
	MUST(!pthread_attr_init(&attributes));
	MUST(!pthread_attr_setstack(&attributes, stack, length));
	MUST(!pthread_create(&thread->thread, &attributes, run, thread));
}

static void start_holding_thread(struct thread *thread, char *stack, size_t length)
{
	start_thread(thread, stack, length, hold_in_thread);
	MUST(wait_until(is_ready, &thread->ready));
}

STATE(stack_of_a_thread)
{
	static struct thread thread;
	char *stack = map_anon(LENGTH);

	start_holding_thread(&thread, stack, LENGTH);
	expect_class(stack, LENGTH, MEMCLASS_CLASS_TSTACK);
	EXPECT_BYTES(stack, LENGTH, virt, LENGTH);
}

static void *end_soon(void *argument)
{
	return NULL;
}

STATE(stack_of_a_dead_thread)
{
	static struct thread alive, dead;
	char *stack = map_anon(LENGTH);

	start_holding_thread(&alive, map_anon(LENGTH), LENGTH);
	start_thread(&dead, stack, LENGTH, end_soon);
	MUST(!pthread_join(dead.thread, NULL));
	expect_class(stack, LENGTH, MEMCLASS_CLASS_ANON);
	expect_class(alive.stack, LENGTH, MEMCLASS_CLASS_TSTACK);
}

/* Only where the stack pointer is, and a thread is asleep near its beginning. */
STATE(stack_of_a_thread_split_by_mprotect)
{
	static struct thread thread;
	char *stack = map_anon(LENGTH);

	start_holding_thread(&thread, stack, LENGTH);
	MUST(!mprotect(stack, 8 * PAGE, PROT_READ));
	expect_class(stack, 8 * PAGE, MEMCLASS_CLASS_ANON);
	expect_class(stack + 8 * PAGE, LENGTH - 8 * PAGE, MEMCLASS_CLASS_TSTACK);
}

/* Two of them in one mapping, and nothing but them. */
STATE(stacks_in_one_mapping)
{
	static struct thread threads[2];
	char *stacks = map_anon(2 * LENGTH);

	start_holding_thread(&threads[0], stacks, LENGTH);
	start_holding_thread(&threads[1], stacks + LENGTH, LENGTH);
	expect_class(stacks, 2 * LENGTH, MEMCLASS_CLASS_TSTACK);
	expect_vmas(stacks, 2 * LENGTH, 1);
}

/* Where a stack was put does not change what that place is. */
STATE(stacks_in_other_places)
{
	static struct thread threads[4];
	static char bss[LENGTH] __attribute__((aligned(4096)));
	int fd = memory_open(&memfd, LENGTH);
	char *places[4], *heap;

	heap = sbrk(LENGTH + PAGE);
	MUST(heap != (char *)-1);
	places[0] = (char *)(((uintptr_t)heap + PAGE - 1) / PAGE * PAGE);
	places[1] = bss;
	places[2] = memory_map(&memfd, fd, LENGTH, 0);
	places[3] = memory_map(&private_memfd, fd, LENGTH, 0);
	start_holding_thread(&threads[0], places[0], LENGTH);
	start_holding_thread(&threads[1], places[1], LENGTH);
	start_holding_thread(&threads[2], places[2], LENGTH);
	start_holding_thread(&threads[3], places[3], LENGTH);
	expect_class(places[0], LENGTH, MEMCLASS_CLASS_HEAP);
	expect_class(places[1], LENGTH, MEMCLASS_CLASS_BSS);
	expect_class(places[2], LENGTH, MEMCLASS_CLASS_MEMFD);
	expect_class(places[3], LENGTH, MEMCLASS_CLASS_DATA);
}

/* A coroutine's stack in a process without threads: its stack is still the first one. */
static char *coroutine_stack;

static void hold_in_coroutine(void)
{
	expect_class(coroutine_stack, LENGTH, MEMCLASS_CLASS_ANON);
	expect_class(environ, 1, MEMCLASS_CLASS_STACK);
	state_hold();
}

STATE(stack_of_a_coroutine)
{
	ucontext_t coroutine;

	coroutine_stack = map_anon(LENGTH);
	MUST(!getcontext(&coroutine));
	coroutine.uc_stack.ss_sp = coroutine_stack;
	coroutine.uc_stack.ss_size = LENGTH;
	coroutine.uc_link = NULL;
	makecontext(&coroutine, hold_in_coroutine, 0);
	setcontext(&coroutine);
}

/* It grows when it is touched below, as a stack does, but it is nobody's. */
STATE(growsdown)
{
	char *space = map_alone(8 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *top = space + 6 * HUGE;

	MUST(!munmap(space, 8 * HUGE));
	MUST(mmap(top, PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0) == top);
	*top = 1;
	touch(top - 8 * PAGE, 8 * PAGE);
	expect_class(top - 8 * PAGE, 9 * PAGE, MEMCLASS_CLASS_ANON);
	EXPECT_BYTES(top - 8 * PAGE, 9 * PAGE, anon, 9 * PAGE);
}

/*
 * Memory that nobody gave a name.
 */
STATE(anon_permissions)
{
	char *memory = map_anon(4 * LENGTH);

	touch(memory, 4 * LENGTH);
	MUST(!mprotect(memory, LENGTH, PROT_READ));
	MUST(!mprotect(memory + LENGTH, LENGTH, PROT_READ | PROT_EXEC));
	MUST(!mprotect(memory + 2 * LENGTH, LENGTH, PROT_NONE));
	expect_class(memory, 4 * LENGTH, MEMCLASS_CLASS_ANON);
	expect_vmas(memory, 4 * LENGTH, 4);
	EXPECT_BYTES(memory, 4 * LENGTH, anon, 4 * LENGTH);
	EXPECT_BYTES(memory, 4 * LENGTH, cow, 0);
}

STATE(anon_never_touched)
{
	char *memory = map_anon(LENGTH);

	expect_class(memory, LENGTH, MEMCLASS_CLASS_ANON);
	EXPECT_BYTES(memory, LENGTH, virt, LENGTH);
	EXPECT_BYTES(memory, LENGTH, rss, 0);
}

/* Of far more address space than there is memory. */
STATE(anon_of_a_terabyte)
{
	char *memory = map_alone(1UL << 40, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned int i;

	small_pages(memory, 1UL << 40);
	for (i = 0; i < 16; i++)
		memory[((uint64_t)i << 36) + i * PAGE] = 1;
	expect_class(memory, 1UL << 40, MEMCLASS_CLASS_ANON);
	EXPECT_BYTES(memory, 1UL << 40, virt, 1UL << 40);
	EXPECT_BYTES(memory, 1UL << 40, rss, 16 * PAGE);
}

STATE(dev_zero)
{
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	int read_only = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *private, *shared, *only_shown;

	MUST(fd >= 0 && read_only >= 0);
	private = map_alone(LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	shared = map_alone(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	only_shown = map_alone(LENGTH, PROT_READ, MAP_SHARED, read_only, 0);
	touch(private, LENGTH / 2);
	touch(shared, LENGTH / 2);
	look_at(only_shown, LENGTH / 2);

	expect_class(private, LENGTH, MEMCLASS_CLASS_ANON);
	EXPECT_BYTES(private, LENGTH, anon, LENGTH / 2);
	EXPECT_BYTES(private, LENGTH, cow, 0);
	expect_class(shared, LENGTH, MEMCLASS_CLASS_SHM);
	EXPECT_BYTES(shared, LENGTH, shmem, LENGTH / 2);
	/* It says MAP_SHARED, but shares nothing: not even zeroes that it could write. */
	expect_class(only_shown, LENGTH, MEMCLASS_CLASS_ANON);
	EXPECT_BYTES(only_shown, LENGTH, zero, LENGTH / 2);
	EXPECT_BYTES(only_shown, LENGTH, rss, 0);
}

/*
 * Shared memory.
 */
STATE(shared_anonymous)
{
	char *memory = memory_map(&shm, -1, LENGTH, 0);

	touch(memory, LENGTH / 2);
	MUST(!mprotect(memory, LENGTH / 4, PROT_NONE));
	expect_class(memory, LENGTH, MEMCLASS_CLASS_SHM);
	EXPECT_BYTES(memory, LENGTH, shmem, LENGTH / 2);
}

static char *attach(int id, int flags)
{
	char *space = map_alone(LENGTH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *segment = shmat(id, space, flags | SHM_REMAP);

	MUST(segment == space);
	return segment;
}

STATE(system_v)
{
	char *segments[3];
	int id, removed;

	/* Segments outlive processes, but not the namespace that they are in. */
	MUST(!unshare(CLONE_NEWIPC));
	id = shmget(0x4d454d, LENGTH, IPC_CREAT | IPC_EXCL | 0600);
	removed = shmget(IPC_PRIVATE, LENGTH, 0600);
	MUST(id >= 0 && removed >= 0);
	segments[0] = attach(id, 0);
	segments[1] = attach(id, SHM_RDONLY);
	segments[2] = attach(removed, SHM_EXEC);
	MUST(!shmctl(removed, IPC_RMID, NULL));
	touch(segments[0], LENGTH / 2);
	look_at(segments[1], LENGTH / 4);
	touch(segments[2], LENGTH);
	expect_class(segments[0], LENGTH, MEMCLASS_CLASS_SYSV);
	expect_class(segments[1], LENGTH, MEMCLASS_CLASS_SYSV);
	expect_class(segments[2], LENGTH, MEMCLASS_CLASS_SYSV);
	EXPECT_BYTES(segments[0], LENGTH, shmem, LENGTH / 2);
	EXPECT_BYTES(segments[2], LENGTH, shmem, LENGTH);
	EXPECT_BYTES(segments[2], LENGTH, private_dirty, LENGTH);
}

/* Whatever its name pretends, it is a memfd. */
STATE(memfd_names)
{
	static const char *const names[] = {
		"",
		"/dev/shm/segment",
		"SYSV00000000",
		"/etc/passwd",
		"memfd:",
		"a\nb",
	};
	unsigned int i;

	for (i = 0; i < 6; i++) {
		int fd = memfd_create(names[i], MFD_CLOEXEC);
		char *memory;

		MUST(fd >= 0 && !ftruncate(fd, LENGTH));
		memory = memory_map(&memfd, fd, LENGTH, 0);
		touch(memory, PAGE);
		expect_class(memory, LENGTH, MEMCLASS_CLASS_MEMFD);
		EXPECT_BYTES(memory, LENGTH, shmem, PAGE);
	}
}

/* Of the longest name there can be, and of a longer path, only the end is shown. */
STATE(long_names)
{
	char name[250], path[600];
	char *memory;
	int fd;

	memset(name, 'n', sizeof(name));
	name[249] = 0;
	fd = memfd_create(name, MFD_CLOEXEC);
	MUST(fd >= 0 && !ftruncate(fd, LENGTH));
	memory = memory_map(&memfd, fd, LENGTH, 0);
	expect_class(memory, LENGTH, MEMCLASS_CLASS_MEMFD);

	snprintf(path, sizeof(path), "%s/%s", tmpfs_directory(), name);
	MUST(!mkdir(path, 0700));
	fd = file_in(path, name, LENGTH);
	memory = memory_map(&tmpfs, fd, LENGTH, 0);
	expect_class(memory, LENGTH, MEMCLASS_CLASS_TMPFS);
}

STATE(memfd_opened_for_reading)
{
	int fd = memory_open(&memfd, LENGTH), read_only;
	char path[40], *memory;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_only = open(path, O_RDONLY | O_CLOEXEC);
	MUST(read_only >= 0);
	memory = map_alone(LENGTH, PROT_READ, MAP_SHARED, read_only, 0);
	look_at(memory, LENGTH);
	expect_class(memory, LENGTH, MEMCLASS_CLASS_MEMFD);
	EXPECT_BYTES(memory, LENGTH, shmem, LENGTH);
}

/* One object, however it is mapped: private mappings of it are those of a file. */
STATE(memfd_private_and_shared)
{
	int fd = memory_open(&memfd, LENGTH);
	char *shared = memory_map(&memfd, fd, LENGTH, 0);
	char *private = memory_map(&private_memfd, fd, LENGTH, 0);
	char *code = map_alone(LENGTH, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	touch(shared, LENGTH);
	expect_class(shared, LENGTH, MEMCLASS_CLASS_MEMFD);
	expect_class(private, LENGTH, MEMCLASS_CLASS_DATA);
	expect_class(code, LENGTH, MEMCLASS_CLASS_TEXT);
}

STATE(secret_memory)
{
	int fd = syscall(SYS_memfd_secret, 0);
	char *memory;

	if (fd < 0)
		state_skip("memfd_secret: %m; from 6.5 on, or with secretmem.enable=y");
	MUST(!ftruncate(fd, LENGTH));
	memory = map_alone(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	touch(memory, 4 * PAGE);
	expect_class(memory, LENGTH, MEMCLASS_CLASS_MEMFD);
	EXPECT_BYTES(memory, LENGTH, rss, 4 * PAGE);
}

/* Only a memfd is one, whatever the files on a tmpfs are called. */
STATE(tmpfs_names)
{
	static const char *const names[] = { "memfd:name", "SYSV00000000", "zero (deleted)" };
	char path[80], *memory;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		int fd = file_in(tmpfs_directory(), names[i], LENGTH);

		memory = memory_map(&tmpfs, fd, LENGTH, 0);
		touch(memory, PAGE);
		snprintf(path, sizeof(path), "%s/%s", tmpfs_directory(), names[i]);
		if (i)
			MUST(!unlink(path));
		expect_class(memory, LENGTH, MEMCLASS_CLASS_TMPFS);
		EXPECT_BYTES(memory, LENGTH, shmem, PAGE);
	}
}

/* The kernel mounts it by itself, and still it is one like others. */
STATE(file_on_devtmpfs)
{
	int fd = open("/dev", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *memory;

	MUST(fd >= 0 && !ftruncate(fd, LENGTH));
	memory = memory_map(&tmpfs, fd, LENGTH, 0);
	touch(memory, LENGTH);
	expect_class(memory, LENGTH, MEMCLASS_CLASS_TMPFS);
	EXPECT_BYTES(memory, LENGTH, shmem, LENGTH);
}

/*
 * Files.
 */
STATE(shared_file)
{
	int fd = memory_open(&file, LENGTH);
	char *memory = memory_map(&file, fd, LENGTH, 0), *read_only;
	char path[40];

	touch(memory, LENGTH);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	MUST(fd >= 0);
	read_only = map_alone(LENGTH / 2, PROT_READ, MAP_SHARED, fd, LENGTH / 2);
	look_at(read_only, LENGTH / 2);
	expect_class(memory, LENGTH, MEMCLASS_CLASS_FILE);
	expect_class(read_only, LENGTH / 2, MEMCLASS_CLASS_FILE);
	EXPECT_BYTES(memory, LENGTH, file, LENGTH);
	expect_bytes(memory, LENGTH, ORACLE_SHARED, LENGTH / 2);
	expect_bytes(read_only, LENGTH / 2, ORACLE_SHARED, LENGTH / 2);
}

/* The ring of io_submit(): pages of a file that the kernel made. */
STATE(aio_ring)
{
	aio_context_t context = 0;

	if (syscall(SYS_io_setup, 64, &context))
		state_skip("io_setup: %m");
	expect_class((void *)context, 1, MEMCLASS_CLASS_FILE);
}

/*
 * Devices, and what else shows no memory of the process's own.
 */
STATE(dev_mem)
{
	int fd = open("/dev/mem", O_RDONLY | O_CLOEXEC);
	char *space = map_alone(LENGTH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* The BIOS. */
	if (mmap(space, LENGTH, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0xe0000) != space)
		state_skip("/dev/mem cannot be mapped: %m");
	expect_class(space, LENGTH, MEMCLASS_CLASS_DEVICE);
	EXPECT_BYTES(space, LENGTH, virt, LENGTH);
	EXPECT_BYTES(space, LENGTH, rss, 0);
	EXPECT_BYTES(space, LENGTH, zero, 0);
}

/*
 * Copies of what is on a device. Before 6.2 smaps does not look for them, so that
 * they are nowhere but in status, which is let to be so much ahead.
 */
STATE(dev_mem_private)
{
	int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	char *space = map_alone(LENGTH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mmap(space, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0xe0000) !=
	    space)
		state_skip("/dev/mem cannot be mapped: %m");
	touch(space, 4 * PAGE);
	expect_class(space, LENGTH, MEMCLASS_CLASS_DEVICE);
	if (kernel_at_least(6, 2)) {
		EXPECT_BYTES(space, LENGTH, anon, 4 * PAGE);
		EXPECT_BYTES(space, LENGTH, cow, 4 * PAGE);
	} else {
		compare_slack(4);
		EXPECT_BYTES(space, LENGTH, rss, 0);
	}
}

STATE(perf_buffer)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_DUMMY,
	};
	int fd = syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	char *buffer;

	if (fd < 0)
		state_skip("perf_event_open: %m");
	buffer = map_alone(9 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	/* Only the first page can be written to. */
	touch(buffer, PAGE);
	look_at(buffer + PAGE, 4 * PAGE);
	expect_class(buffer, 9 * PAGE, MEMCLASS_CLASS_DEVICE);
}

STATE(io_uring)
{
	struct io_uring_params parameters = {};
	int fd = syscall(SYS_io_uring_setup, 8, &parameters);
	size_t length;
	char *ring;

	if (fd < 0)
		state_skip("io_uring_setup: %m");
	length = parameters.sq_off.array + parameters.sq_entries * sizeof(__u32);
	length = (length + PAGE - 1) / PAGE * PAGE;
	/* From 6.6 on the kernel alone chooses where it is. */
	ring = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
		    IORING_OFF_SQ_RING);
	MUST(ring != MAP_FAILED);
	look_at(ring, length);
	expect_class(ring, length, MEMCLASS_CLASS_DEVICE);
}

STATE(bpf_map)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = PAGE,
		.max_entries = 4,
		.map_flags = BPF_F_MMAPABLE,
	};
	int fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes));
	char *map;

	if (fd < 0)
		state_skip("BPF_MAP_CREATE: %m");
	map = map_alone(4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	touch(map, 4 * PAGE);
	expect_class(map, 4 * PAGE, MEMCLASS_CLASS_DEVICE);
}

STATE(tcp_socket)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *space = map_alone(LENGTH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || mmap(space, LENGTH, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) != space)
		state_skip("a TCP socket cannot be mapped: %m");
	expect_class(space, LENGTH, MEMCLASS_CLASS_DEVICE);
}

/* A buffer for devices, made of pages of a memfd. */
STATE(udmabuf)
{
	struct {
		__u32 memfd;
		__u32 flags;
		__u64 offset;
		__u64 size;
	} create = { .size = LENGTH };
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd;
	char *buffer;

	if (device < 0)
		state_skip("/dev/udmabuf: %m");
	create.memfd = memfd_create("buffer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	MUST((int)create.memfd >= 0 && !ftruncate(create.memfd, LENGTH));
	MUST(!fcntl(create.memfd, F_ADD_SEALS, F_SEAL_SHRINK));
	fd = ioctl(device, _IOW('u', 0x42, create), &create);
	MUST(fd >= 0);
	buffer = map_alone(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	touch(buffer, LENGTH);
	expect_class(buffer, LENGTH, MEMCLASS_CLASS_DEVICE);
}

/*
 * What the kernel put there.
 */
STATE(vdso)
{
	char *vdso = (char *)getauxval(AT_SYSINFO_EHDR);

	if (!vdso)
		state_skip("there is no vdso");
	expect_class(vdso, 1, MEMCLASS_CLASS_SPECIAL);
	/* What it reads lies before it. */
	expect_class(vdso - 1, 1, MEMCLASS_CLASS_SPECIAL);
}

/* A breakpoint in a function: its page is a copy now, and the kernel maps one more. */
__attribute__((noinline, aligned(4096))) static int probed(int argument)
{
	__asm__ volatile("nop");
	return argument + 1;
}

#define UPROBES "/sys/kernel/tracing/events/uprobes/selftest/enable"

STATE(uprobe)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end, offset;
	char line[512], path[256], perms[5];
	char *page = (char *)((uintptr_t)probed / PAGE * PAGE);

	MUST(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %4s %lx %*s %*s %255s", &start, &end, perms, &offset,
			   path) == 5 &&
		    start <= (uintptr_t)page && (uintptr_t)page < end)
			break;
	fclose(maps);
	snprintf(line, sizeof(line), "p:selftest %s:%#lx\n", path,
		 (uintptr_t)probed - start + offset);
	if (!setting_write("/sys/kernel/tracing/uprobe_events", line) ||
	    !setting_write(UPROBES, "1"))
		state_skip("uprobe_events: %m");
	MUST(probed(1) == 2);
	/* The process keeps its copy and the page with the instruction. */
	expect_class(page, 1, MEMCLASS_CLASS_TEXT);
	expect_total(MEMCLASS_COLUMN_cow, PAGE, 64 * PAGE);
}

STATES_MAIN(UPROBES, "/sys/kernel/tracing/uprobe_events")
