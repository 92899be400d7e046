// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: a page that is on its way to another place, or has gone to the memory of a
 * device, is counted where the kernel counts it, though the page table has no page there.
 *
 * Oracle: /proc of each process; and arithmetic: which pages move is decided here. The
 * module transit.ko keeps them between two places; the kernel's own test_hmm.ko, where
 * there is one, is the device.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/module.h"
#include "lib/state_test.h"

#define PAGES	64UL
#define LENGTH	(PAGES * PAGE)

static void load(const char *path)
{
	MUST(!module_insert(path, "") || errno == EEXIST);
}

/* pagemap has no pages there, but entries of the kind that swap has. */
static bool have_gone(const char *addr, size_t length)
{
	const int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;
	size_t i;

	MUST(fd >= 0);
	for (i = 0; i < length; i += PAGE) {
		MUST(pread(fd, &entry, sizeof(entry), ((uintptr_t)addr + i) / PAGE * 8) == 8);
		if (entry >> 62 != 1)
			break;
	}
	close(fd);
	return i == length;
}

struct part {
	int fd;
	char *addr;
	size_t length;
};

/* As long as somebody else has a page in use, it stays where it is. */
static bool is_on_its_way(const void *argument)
{
	const struct part *part = argument;
	int length;
	char text[64];

	length = snprintf(text, sizeof(text), "%lx %lx", (unsigned long)part->addr, part->length);
	if (write(part->fd, text, length) == length)
		return true;
	MUST(errno == EAGAIN);
	return false;
}

/* Until this process ends. Nobody may touch the pages. */
static void send_off(char *addr, size_t length)
{
	struct part part = { .addr = addr, .length = length };

	if (access("/memclass", F_OK))
		state_skip("there are no modules for tests");
	load("/memclass/transit.ko");
	part.fd = open("/sys/kernel/debug/memclass-transit", O_WRONLY | O_CLOEXEC);
	MUST(part.fd >= 0);
	MUST(wait_until(is_on_its_way, &part));
	MUST(have_gone(addr, length));
}

static void part_of(const void *argument)
{
	const struct memory *memory = argument;
	int fd = memory_open(memory, LENGTH);
	char *mapping = memory_map(memory, fd, LENGTH, 0);

	touch(mapping, LENGTH);
	send_off(mapping + LENGTH / 4, LENGTH / 2);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	expect_bytes(mapping, LENGTH, memory->written, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, swap, 0);
}

STATE_OVER(part_of, anon);
STATE_OVER(part_of, private_memfd);
STATE_OVER(part_of, private_tmpfs);
STATE_OVER(part_of, private_file);
STATE_OVER(part_of, memfd);
STATE_OVER(part_of, shm);
STATE_OVER(part_of, tmpfs);

STATE(locked)
{
	char *mapping = map_anon(LENGTH);

	touch(mapping, LENGTH);
	MUST(!mlock(mapping, LENGTH));
	send_off(mapping, LENGTH / 2);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, locked, LENGTH);
}

static char *inherited;

/* The first quarter becomes its own, the second is unmapped. Who is told is @argument. */
static void keep_half(const void *argument)
{
	const int *told = argument;

	touch(inherited, LENGTH / 4);
	MUST(!munmap(inherited + LENGTH / 4, LENGTH / 4));
	EXPECT_BYTES(inherited, LENGTH / 4, rss, LENGTH / 4);
	EXPECT_BYTES(inherited + LENGTH / 2, LENGTH / 2, rss, LENGTH / 2);
	MUST(!told || write(*told, "", 1) == 1);
}

/* Some have two processes that wait for them. */
STATE(forked)
{
	int pipes[2];
	char byte;

	MUST(!pipe(pipes));
	inherited = map_anon(LENGTH);
	touch(inherited, LENGTH);
	state_fork(keep_half, &pipes[1]);
	MUST(read(pipes[0], &byte, 1) == 1);
	send_off(inherited + LENGTH / 8, LENGTH * 3 / 4);
	EXPECT_BYTES(inherited, LENGTH, rss, LENGTH);
}

/*
 * A device that has memory of its own. What a program asks of it is in lib/test_hmm_uapi.h
 * of the kernel's source.
 */
struct device_command {
	uint64_t addr;
	uint64_t buffer;
	uint64_t pages;
	uint64_t moved;
	uint64_t faults;
};

#define DEVICE			"/dev/hmm_dmirror0"
#define DEVICE_DRIVER		"/memclass/test_hmm.ko"
#define DEVICE_TAKE_OVER	_IOWR('H', 2, struct device_command)
#define DEVICE_EXCLUSIVE	_IOWR('H', 5, struct device_command)

static void ask_device(unsigned long command, char *addr, size_t length)
{
	static char buffer[LENGTH];
	struct device_command request = {
		.addr = (uintptr_t)addr,
		.buffer = (uintptr_t)buffer,
		.pages = length / PAGE,
	};
	int fd;

	if (access(DEVICE_DRIVER, F_OK))
		state_skip(DEVICE_DRIVER ": %m");
	load(DEVICE_DRIVER);
	fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	MUST(fd >= 0);
	MUST(!ioctl(fd, command, &request));
	MUST(request.moved == length / PAGE);
	MUST(have_gone(addr, length));
}

STATE(on_a_device)
{
	char *mapping = map_anon(LENGTH);

	touch(mapping, LENGTH);
	ask_device(DEVICE_TAKE_OVER, mapping, LENGTH / 2);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
	EXPECT_BYTES(mapping, LENGTH, swap, 0);
}

STATE(on_a_device_forked)
{
	inherited = map_anon(LENGTH);
	touch(inherited, LENGTH);
	ask_device(DEVICE_TAKE_OVER, inherited, LENGTH);
	state_fork(keep_half, NULL);
	EXPECT_BYTES(inherited, LENGTH, rss, LENGTH);
}

/* It stays where it is, but is the device's until the process touches it. */
STATE(of_a_device_alone)
{
	char *mapping = map_anon(LENGTH);

	touch(mapping, LENGTH);
	ask_device(DEVICE_EXCLUSIVE, mapping, LENGTH / 2);
	EXPECT_BYTES(mapping, LENGTH, rss, LENGTH);
}

STATES_MAIN()
