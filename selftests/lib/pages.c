// SPDX-License-Identifier: GPL-2.0
/*
 * Adds up a mapping anew, page by page, from /proc/PID/pagemap, /proc/kpageflags and
 * /proc/kpagecount. They do not tell whether a page-table entry is dirty or young:
 * where that matters, there is a lowest and a highest value.
 */
#include "kernel.h"
#include "oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PRESENT		(1ULL << 63)
#define SWAPPED		(1ULL << 62)
#define PFN(entry)	((entry) & ((1ULL << 55) - 1))
#define SWAP_TYPE(entry) ((entry) & 31)

/*
 * Types of real swap areas are given out from 0 on; those at the end are for
 * migration, poison, markers, devices.
 */
#define FIRST_SPECIAL	16

#define PSS_SHIFT	12
#define BATCH		512

struct page_info {
	uint64_t flags;
	uint64_t count;
};

struct sums {
	uint64_t rss, pss, pss_dirty, private, shared, private_dirty, shared_dirty;
	uint64_t referenced, lazyfree, ksm, zero, swapped, unknown, hugetlb, hugetlb_shared;
	uint64_t by_kind[3], pss_by_kind[3], large_by_kind[3];
};

enum kind {
	ANON,
	FILES,
	SHMEM
};

static int flags_fd = -1, count_fd = -1;

static int open_kernel_files(void)
{
	if (flags_fd < 0)
		flags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (count_fd < 0)
		count_fd = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	return flags_fd < 0 || count_fd < 0 ? -errno : 0;
}

static bool has(const struct page_info *page, unsigned int flag)
{
	return page->flags >> flag & 1;
}

static int read_flags(uint64_t pfn, uint64_t *flags, size_t nr)
{
	ssize_t bytes = nr * sizeof(*flags);

	return pread(flags_fd, flags, bytes, pfn * sizeof(*flags)) == bytes ? 0 : -EIO;
}

/*
 * Older kernels show the flags of the page itself; what smaps goes by are those of
 * the first page of its compound page.
 */
static int flags_of_head(uint64_t pfn, uint64_t *flags)
{
	static uint64_t last_pfn, last_flags;
	uint64_t before[BATCH], from;
	size_t i;
	int err;

	if (!(*flags >> KPF_COMPOUND_TAIL & 1)) {
		last_pfn = pfn;
		last_flags = *flags;
		return 0;
	}
	if (pfn != last_pfn + 1) {
		/* No page but those of hugetlbfs is larger than this. */
		from = pfn - pfn % BATCH;
		err = read_flags(from, before, pfn - from);
		if (err)
			return err;
		for (i = pfn - from; i > 0; i--)
			if (before[i - 1] >> KPF_COMPOUND_HEAD & 1)
				break;
		last_flags = i ? before[i - 1] : *flags;
	}
	last_pfn = pfn;
	*flags = last_flags;
	return 0;
}

/* Pages that follow each other in memory are read together. */
static int look_up(const uint64_t *entries, size_t nr, struct page_info *pages)
{
	uint64_t flags[BATCH], counts[BATCH];
	size_t i, j;
	int err;

	for (i = 0; i < nr; i = j) {
		ssize_t bytes;

		j = i + 1;
		if (!(entries[i] & PRESENT))
			continue;
		while (j < nr && entries[j] & PRESENT &&
		       PFN(entries[j]) == PFN(entries[j - 1]) + 1)
			j++;
		bytes = (j - i) * sizeof(*counts);
		if (pread(count_fd, counts, bytes, PFN(entries[i]) * 8) != bytes)
			return -EIO;
		err = read_flags(PFN(entries[i]), flags, j - i);
		if (err)
			return err;
		for (bytes = 0; i + bytes < j; bytes++) {
			err = flags_of_head(PFN(entries[i + bytes]), &flags[bytes]);
			if (err)
				return err;
			pages[i + bytes].flags = flags[bytes];
			pages[i + bytes].count = counts[bytes];
		}
	}
	return 0;
}

/*
 * 6.12 says KSM of every anonymous page (fs/proc/page.c tests one of the two bits
 * that are both set for KSM). Asked of a page that surely is none.
 */
static bool ksm_is_told(void)
{
	static enum {
		UNKNOWN,
		TOLD,
		NOT_TOLD
	} answer;
	char page[4096];
	uint64_t entry, flags;
	int fd;

	if (answer != UNKNOWN)
		return answer == TOLD;
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	((volatile char *)page)[0] = 1;
	if (pread(fd, &entry, sizeof(entry), (uintptr_t)page / 4096 * 8) == sizeof(entry) &&
	    !read_flags(PFN(entry), &flags, 1))
		answer = flags >> KPF_KSM & 1 ? NOT_TOLD : TOLD;
	close(fd);
	return answer == TOLD;
}

static void add_page(struct sums *sums, const struct page_info *page)
{
	uint64_t pss = 4096ULL << PSS_SHIFT;
	enum kind kind = FILES;

	/*
	 * It is mapped, and is said not to be: of persistent memory nothing is told here.
	 * Whether smaps counts it depends on the kernel.
	 */
	if (!page->count && !has(page, KPF_ZERO_PAGE)) {
		sums->unknown += 4096;
		return;
	}
	if (has(page, KPF_ZERO_PAGE)) {
		sums->zero += 4096;
		return;
	}
	if (has(page, KPF_HUGE)) {
		sums->hugetlb += 4096;
		if (page->count >= 2)
			sums->hugetlb_shared += 4096;
		return;
	}
	if (has(page, KPF_ANON))
		kind = ANON;
	else if (has(page, KPF_SWAPBACKED))
		kind = SHMEM;

	sums->rss += 4096;
	sums->by_kind[kind] += 4096;
	if (has(page, KPF_THP))
		sums->large_by_kind[kind] += 4096;
	if (has(page, KPF_KSM))
		sums->ksm += 4096;
	if (has(page, KPF_REFERENCED))
		sums->referenced += 4096;
	if (kind == ANON && !has(page, KPF_SWAPBACKED) && !has(page, KPF_DIRTY))
		sums->lazyfree += 4096;
	if (page->count >= 2) {
		pss /= page->count;
		sums->shared += 4096;
		if (has(page, KPF_DIRTY))
			sums->shared_dirty += 4096;
	} else {
		sums->private += 4096;
		if (has(page, KPF_DIRTY))
			sums->private_dirty += 4096;
	}
	sums->pss += pss;
	sums->pss_by_kind[kind] += pss;
	if (has(page, KPF_DIRTY))
		sums->pss_dirty += pss;
}

static void add_entries(struct sums *sums, const uint64_t *entries,
			const struct page_info *pages, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (entries[i] & PRESENT)
			add_page(sums, &pages[i]);
		else if (entries[i] & SWAPPED && SWAP_TYPE(entries[i]) < FIRST_SPECIAL)
			sums->swapped += 4096;
		else if (entries[i] & SWAPPED)
			sums->unknown += 4096;
	}
}

/* Special entries may stand for a page or for none: smaps knows. */
static void set(struct bounds *bounds, const struct sums *sums, unsigned int column,
		uint64_t low, uint64_t high)
{
	bounds_set(bounds, column, low, high + sums->unknown);
}

static void set_bounds(struct oracle_vma *vma, const struct sums *sums, uint64_t slack)
{
	bool private_file = oracle_vma_has_file(vma) && vma->perms[3] == 'p';
	bool locked = oracle_vma_has(vma, "lo");
	uint64_t swap = vma->smaps.low[MEMCLASS_COLUMN_swap];
	struct bounds *bounds = vma->pages;

#define EXACT(column, value) \
	set(bounds, sums, MEMCLASS_COLUMN_##column, value, value)
#define BETWEEN(column, from, to) \
	set(bounds, sums, MEMCLASS_COLUMN_##column, from, to)
	EXACT(rss, sums->rss);
	EXACT(anon, sums->by_kind[ANON]);
	EXACT(file, sums->by_kind[FILES]);
	EXACT(shmem, sums->by_kind[SHMEM]);
	EXACT(cow, private_file ? sums->by_kind[ANON] : 0);
	EXACT(pss, sums->pss >> PSS_SHIFT);
	EXACT(pss_anon, sums->pss_by_kind[ANON] >> PSS_SHIFT);
	EXACT(pss_file, sums->pss_by_kind[FILES] >> PSS_SHIFT);
	EXACT(pss_shmem, sums->pss_by_kind[SHMEM] >> PSS_SHIFT);
	EXACT(locked, locked ? sums->pss >> PSS_SHIFT : 0);
	BETWEEN(ksm, ksm_is_told() ? sums->ksm : 0, sums->ksm);
	EXACT(zero, sums->zero);
	EXACT(swap_shmem, swap - sums->swapped);
	set(bounds, sums, ORACLE_SWAP_OWN, sums->swapped, sums->swapped);
	set(bounds, sums, ORACLE_PRIVATE, sums->private, sums->private);
	set(bounds, sums, ORACLE_SHARED, sums->shared, sums->shared);
	/* Of hugetlbfs, pagemap does not show special entries. */
	set(bounds, sums, ORACLE_HUGETLB, sums->hugetlb, sums->hugetlb + slack);

	BETWEEN(private_dirty, sums->private_dirty, sums->private);
	BETWEEN(shared_dirty, sums->shared_dirty, sums->shared);
	BETWEEN(pss_dirty, sums->pss_dirty >> PSS_SHIFT, sums->pss >> PSS_SHIFT);
	BETWEEN(referenced, sums->referenced, sums->rss);
	BETWEEN(lazyfree, 0, sums->lazyfree);
	BETWEEN(thp_anon, 0, sums->large_by_kind[ANON]);
	BETWEEN(thp_file, 0, sums->large_by_kind[FILES]);
	BETWEEN(thp_shmem, 0, sums->large_by_kind[SHMEM]);
	/* A page that is mapped once can still be in a page table that is shared. */
	BETWEEN(hugetlb_shared, sums->hugetlb_shared, sums->hugetlb + slack);
#undef EXACT
#undef BETWEEN
}

/* Where a driver maps what it wants, an entry does not tell whether there is a page. */
static bool is_mapped_by_driver(const struct oracle_vma *vma)
{
	return oracle_vma_has(vma, "pf") || oracle_vma_has(vma, "mm") ||
	       oracle_vma_has(vma, "io");
}

/*
 * From 6.1 until 6.5 smaps passes over huge pages that nobody may access, which
 * pagemap shows like others.
 */
static bool smaps_is_blind(const struct oracle_vma *vma)
{
	return !strncmp(vma->perms, "---", 3) && kernel_at_least(6, 1) &&
	       !kernel_at_least(6, 5);
}

int pages_look(struct oracle_vma *vma, int pagemap, unsigned int slack)
{
	struct page_info pages[BATCH];
	uint64_t entries[BATCH], at;
	struct sums sums = {};
	int err;

	if (is_mapped_by_driver(vma) || smaps_is_blind(vma))
		return 0;
	err = open_kernel_files();
	if (err)
		return err;
	for (at = vma->start; at < vma->end; at += BATCH * 4096ULL) {
		size_t nr = (vma->end - at) / 4096;
		ssize_t bytes;

		if (nr > BATCH)
			nr = BATCH;
		bytes = nr * sizeof(*entries);
		if (pread(pagemap, entries, bytes, at / 4096 * 8) != bytes)
			return -ESRCH;
		err = look_up(entries, nr, pages);
		if (err)
			return err;
		add_entries(&sums, entries, pages, nr);
	}
	vma->pages = calloc(1, sizeof(*vma->pages));
	if (!vma->pages)
		return -ENOMEM;
	set_bounds(vma, &sums, slack * 4096ULL);
	return 0;
}
