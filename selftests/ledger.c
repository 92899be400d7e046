// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: the ledger has all memory on its lines, whatever that is used for: its residue
 * is small, and stays what it is when the page cache takes everything, when a tmpfs is
 * filled, when processes take and give back; and what nobody counts is in the residue,
 * to the last page. What processes have is what the kernel says of them.
 *
 * Oracle: arithmetic: this test knows how much it took; the kernel's own counters. Made
 * for the full root; it takes any system.
 */
#include <drm/drm.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "client/ledger.h"
#include "lib/child.h"
#include "lib/kernel.h"
#include "lib/module.h"
#include "lib/patience.h"
#include "lib/settings.h"

/*
 * What the kernel gives out on a machine that is just up, without counting it; one that
 * checks itself keeps stack traces and shadows of memory besides.
 */
static unsigned int residue_percent(void)
{
	return kernel_checks_itself() ? 6 : 1;
}

/* One part in so many of all memory: the bar for what has to be the same. */
#define TOLERANCE	200

#define PAGE		4096UL
#define HIDDEN_MIB	256UL

/*
 * Persistent memory is none of it. Its pages' descriptions are in memory that no old kernel
 * counts, or on the device, where a new one counts them all the same. So it goes until the
 * test has ended. @what: bind or unbind.
 *
 * What a region has comes back some time after it is bound. To unbind it before makes the
 * kernel register the same things twice, and warn: so that is waited for.
 */
static void persistent_memory(const char *what)
{
	char path[64];
	glob_t found = {};
	size_t i;

	snprintf(path, sizeof(path), "/sys/bus/nd/drivers/nd_region/%s", what);
	glob("/sys/bus/nd/devices/region*", 0, NULL, &found);
	for (i = 0; i < found.gl_pathc; i++)
		setting_write(path, strrchr(found.gl_pathv[i], '/') + 1);
	globfree(&found);
	glob("/sys/bus/nd/devices/ndbus*/wait_probe", 0, NULL, &found);
	for (i = 0; i < found.gl_pathc; i++)
		setting_number(found.gl_pathv[i]);
	globfree(&found);
}

FIXTURE(ledger)
{
	struct ledger before;
	struct ledger after;
	int64_t tolerance;
};

FIXTURE_SETUP(ledger)
{
	if (!module_is_there())
		SKIP(return, "needs the module");
	persistent_memory("unbind");
	system_settle();
	ASSERT_TRUE(ledger_take_at_rest(&self->before));
	self->tolerance = ledger_total(&self->before) / TOLERANCE;
}

FIXTURE_TEARDOWN(ledger)
{
	ledger_free(&self->before);
	ledger_free(&self->after);
	persistent_memory("bind");
}

static int64_t grown(const FIXTURE_DATA(ledger) * self, const char *line)
{
	return ledger_bytes(&self->after, line) - ledger_bytes(&self->before, line);
}

/* Lines of the ledger, from those before to those in ->after. */
#define have_grown(self, ...) \
	ledger_await(&(self)->after, &(self)->before, \
		     (const struct ledger_growth[]) { __VA_ARGS__, {} })

/*
 * Other programs take memory and give it back meanwhile, daemons of a system that was
 * just booted most of all. So a line has to follow the kernel's counter closely, and that
 * what the test did not so closely.
 */
#define ANON		"processes.anon:counted"
#define ANON_BESIDE_IT	"processes.anon.private-anon - " ANON
#define OTHERS		((int64_t)(8 * MIB))

TEST_F(ledger, idle)
{
	const int64_t percent = ledger_total(&self->before) / 100;

	ksft_print_msg("residue %" PRId64 " KiB of %" PRIu64 " MiB; processes differ by %" PRId64
		       " and %" PRId64 " KiB\n",
		       ledger_residue(&self->before) >> 10, ledger_total(&self->before) >> 20,
		       ledger_difference(&self->before, "processes.anon") >> 10,
		       ledger_difference(&self->before, "processes.file") >> 10);
	EXPECT_EQ(meminfo("MemTotal"), ledger_total(&self->before));
	EXPECT_GE(residue_percent() * percent, llabs(ledger_residue(&self->before)));
	EXPECT_GE(self->tolerance, llabs(ledger_difference(&self->before, "processes.anon")));
	EXPECT_GE(self->tolerance, llabs(ledger_difference(&self->before, "processes.file")));
	EXPECT_GE((int64_t)MIB, llabs(ledger_difference(&self->before, "unmapped.shmem")));
	EXPECT_LT(0U, ledger_bytes(&self->before, "processes.anon"));
	EXPECT_LT(0U, ledger_bytes(&self->before, "processes.file"));
}

#define POOL	"/proc/sys/vm/nr_hugepages"
#define HUGE	(2 * MIB)

/* Puts memory aside in the pool of huge pages until @left of it is free. */
static uint64_t put_aside(uint64_t left)
{
	const uint64_t free = meminfo("MemFree"), pages = setting_number(POOL);

	if (free > left)
		setting_write_number(POOL, pages + (free - left) / HUGE);
	return (setting_number(POOL) - pages) * HUGE;
}

/* A file of nothing takes no disk, but memory when it is read. */
static bool read_holes(const char *path, uint64_t length)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	static char buffer[MIB];
	ssize_t got;

	if (fd < 0)
		return false;
	unlink(path);
	if (ftruncate(fd, length))
		return false;
	do
		got = read(fd, buffer, sizeof(buffer));
	while (got > 0);
	/* Open until the test ends: its pages stay. */
	return !got;
}

/* How many pages the kernel had to take back from somebody. */
static uint64_t reclaimed(void)
{
	char name[64];
	uint64_t value, sum = 0;
	FILE *file = fopen("/proc/vmstat", "re");

	while (file && fscanf(file, "%63s %" SCNu64, name, &value) == 2)
		if (!strcmp(name, "pgsteal_kswapd") || !strcmp(name, "pgsteal_direct"))
			sum += value;
	if (file)
		fclose(file);
	return sum;
}

TEST_F(ledger, page_cache_pressure)
{
	const uint64_t left = 128 * MIB, more = 64 * MIB;
	const struct settings pool = { 1, { { POOL, "0" } } };
	const uint64_t before = reclaimed();
	uint64_t aside = put_aside(left), free = meminfo("MemFree");
	bool read;

	ksft_print_msg("%" PRIu64 " MiB put aside, %" PRIu64 " MiB free\n", aside / MIB,
		       free / MIB);
	/* Memory that is in pieces is left, however little was asked for. */
	read = read_holes("/var/tmp/memclass-ledger", free + more);
	ASSERT_TRUE(have_grown(self, { "residue", 0, self->tolerance },
			       { "hugetlb.free", aside, 0 },
			       { "free + unmapped.cache", -(int64_t)aside, 4 * self->tolerance }));
	settings_restore(&pool);
	EXPECT_TRUE(read);
	EXPECT_LT(before + more / 2 / PAGE, reclaimed());
	/* Not how much: a kernel that checks itself gives most of it up. */
	EXPECT_LT((int64_t)MIB, grown(self, "unmapped.cache"));
}

/* A mount that nobody else sees, and a file that takes up @length of it. */
static int fill_tmpfs(uint64_t length)
{
	int fd;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("memclass", "/mnt", "tmpfs", 0, "size=100%"))
		return -1;
	fd = open("/mnt/file", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 || fallocate(fd, 0, 0, length) ? -1 : fd;
}

/* A GiB, or most of what there is. */
TEST_F(ledger, tmpfs)
{
	const uint64_t most = meminfo("MemAvailable") / 4 * 3 / MIB * MIB;
	const uint64_t length = most < 1024 * MIB ? most : 1024 * MIB;
	const uint64_t part = 64 * MIB;
	int fd = fill_tmpfs(length);
	char *map;

	ASSERT_LE(0, fd);
	ksft_print_msg("%" PRIu64 " MiB of tmpfs\n", length >> 20);
	/* The cache may have given way. */
	EXPECT_TRUE(have_grown(self, { "residue", 0, self->tolerance },
			       { "unmapped.shmem.tmpfs", length, MIB },
			       { "free + unmapped.cache", -length, 4 * self->tolerance }));

	map = mmap(NULL, part, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	/* Others map again what a test before this one has made the kernel take from them. */
	EXPECT_TRUE(have_grown(self, { "residue", 0, self->tolerance },
			       { "processes.shmem.shared-anon", part, OTHERS },
			       { "unmapped.shmem.tmpfs", length - part, MIB }));
	EXPECT_GE((int64_t)MIB, llabs(ledger_difference(&self->after, "unmapped.shmem")));
	EXPECT_GE(self->tolerance, llabs(ledger_difference(&self->after, "processes.file")));
}

/* Private memory, a part of which a child has a copy of: each page counts once. */
TEST_F(ledger, processes)
{
	const uint64_t length = 64 * MIB;
	struct child child;
	char *map;

	map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		   -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	child = child_start(NULL, NULL);
	ASSERT_NE(-1, child.pid);
	EXPECT_TRUE(have_grown(self, { "residue", 0, self->tolerance }, { ANON_BESIDE_IT, 0, MIB },
			       { ANON, length, OTHERS }));
	EXPECT_GE(self->tolerance, llabs(ledger_difference(&self->after, "processes.anon")));
	child_end(&child);
}

/* Pages that a device, or io_uring, could write to until it is closed. -1: it cannot. */
static int pin(char *map, size_t length)
{
	struct io_uring_params parameters = { 0 };
	const struct iovec buffer = { map, length };
	int ring = syscall(SYS_io_uring_setup, 1, &parameters);

	if (ring >= 0 && syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1))
		return -1;
	return ring;
}

/* What is pinned is on one line, mapped or not, and said to be. */
TEST_F(ledger, pinned)
{
	const uint64_t length = 16 * MIB;
	char *map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int ring;

	ASSERT_NE(MAP_FAILED, map);
	/* A large page is one pin, or many, as the kernel likes. */
	madvise(map, length, MADV_NOHUGEPAGE);
	ring = pin(map, length);
	if (ring < 0)
		SKIP(return, "io_uring: %m");
	EXPECT_TRUE(have_grown(self, { "residue", 0, self->tolerance }, { ANON_BESIDE_IT, 0, MIB },
			       { ANON, length, OTHERS },
			       { "pinned", length, 0 }));
	munmap(map, length);
	EXPECT_TRUE(have_grown(self, { "residue", 0, self->tolerance }, { ANON_BESIDE_IT, 0, MIB },
			       { ANON, 0, OTHERS },
			       { "unmapped.anon", length, MIB }, { "pinned", length, 0 }));
	/* The kernel lets go of them some time later: not while the next test looks. */
	close(ring);
	EXPECT_TRUE(have_grown(self, { "unmapped.anon", 0, MIB }, { "pinned", 0, 0 }));
}

static bool hide(unsigned long mib)
{
	char parameters[32];

	snprintf(parameters, sizeof(parameters), "mib=%lu", mib);
	return !module_insert("/memclass/hide.ko", parameters);
}

TEST_F(ledger, hidden_pages)
{
	const int64_t hidden = HIDDEN_MIB * MIB;

	ASSERT_TRUE(hide(HIDDEN_MIB));
	/* The cache may have grown as well. */
	EXPECT_TRUE(have_grown(self, { "residue", hidden, hidden / 50 },
			       { "free + unmapped.cache", -hidden, hidden / 50 }));
	ASSERT_EQ(0, module_remove("hide"));
	EXPECT_TRUE(have_grown(self, { "residue", 0, self->tolerance }));
}

/* A graphics card that there is only in software: its driver takes memory of shmem. */
static int graphics_card(void)
{
	struct rounds rounds = { .seconds = 5 };
	int card = -1;

	if (system("modprobe vgem 2>/dev/null"))
		return -1;
	/* The node comes by itself. */
	while ((card = open("/dev/dri/card0", O_RDWR | O_CLOEXEC)) < 0 && again(&rounds, 1000))
		usleep(10000);
	return card;
}

/* As a program makes a picture. It stays until the card is closed. */
static bool draw(int card, struct drm_mode_create_dumb *buffer)
{
	struct drm_mode_map_dumb place = {};
	void *map;

	if (ioctl(card, DRM_IOCTL_MODE_CREATE_DUMB, buffer))
		return false;
	place.handle = buffer->handle;
	if (ioctl(card, DRM_IOCTL_MODE_MAP_DUMB, &place))
		return false;
	map = mmap(NULL, buffer->size, PROT_READ | PROT_WRITE, MAP_SHARED, card, place.offset);
	if (map == MAP_FAILED)
		return false;
	memset(map, 1, buffer->size);
	return !munmap(map, buffer->size);
}

TEST_F(ledger, graphics)
{
	struct drm_mode_create_dumb buffer = { .width = 2048, .height = 1024, .bpp = 32 };
	const struct json *object;
	struct run objects;
	int card = graphics_card();

	if (card < 0)
		SKIP(return, "this kernel has no vgem");
	ASSERT_TRUE(draw(card, &buffer))
	TH_LOG("%m");
	EXPECT_EQ(8 * MIB, buffer.size);
	EXPECT_TRUE(have_grown(self, { "residue", 0, self->tolerance },
			       { "unmapped.shmem.driver", buffer.size, 0 }));
	EXPECT_GE((int64_t)MIB, llabs(ledger_difference(&self->after, "unmapped.shmem")));

	run(&objects, "objects", "--json", NULL);
	ASSERT_TRUE(run_json(&objects));
	object = json_member(objects.json, "objects")->first;
	while (object && (strcmp(json_string(object, "kind"), "driver") ||
			  json_number(object, "size") != buffer.size))
		object = object->next;
	ASSERT_NE(NULL, object);
	EXPECT_STREQ("drm mm object", json_string(object, "name"));
	EXPECT_EQ(buffer.size, json_number(object, "resident"));
	EXPECT_EQ(0U, json_number(object, "mapped"));
	run_free(&objects);

	close(card);
	EXPECT_TRUE(have_grown(self, { "residue", 0, self->tolerance },
			       { "unmapped.shmem.driver", 0, 0 }));
}

TEST_HARNESS_MAIN
