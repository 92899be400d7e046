// SPDX-License-Identifier: GPL-2.0
/*
 * One object: what it is, how much of it there is, and who maps it.
 */
#include "objects.h"

#include "compat.h"

#include <linux/dcache.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/shmem_fs.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>

/* No more mappings are looked at than these; the second once somebody waits to map. */
#define MAPPINGS_MAX	65536
#define MAPPINGS_WAITED	4096

/* Pages that are looked at in one go. */
#define PAGES_AT_ONCE	4096

static bool is_hugetlb(const struct inode *inode)
{
	return inode->i_sb->s_magic == HUGETLBFS_MAGIC;
}

/*
 * What is in the page cache. hugetlbfs counts blocks by itself; the number of its
 * entries is in huge pages before 6.7, and in pages since.
 */
u64 mc_object_resident(const struct inode *inode)
{
	if (is_hugetlb(inode))
		return (u64)inode->i_blocks << 9;
	return (u64)READ_ONCE(inode->i_data.nrpages) << PAGE_SHIFT;
}

u64 mc_object_swapped(const struct inode *inode)
{
	if (is_hugetlb(inode))
		return 0;
	return (u64)READ_ONCE(SHMEM_I((struct inode *)inode)->swapped) << PAGE_SHIFT;
}

/*
 * On the kernel's own mounts, where only the kernel gives names: a memfd's always comes
 * after its prefix.
 */
static enum memclass_object_kind kernel_kind(const char *name)
{
	if (str_has_prefix(name, "memfd:"))
		return MEMCLASS_OBJECT_MEMFD;
	if (str_has_prefix(name, "SYSV"))
		return MEMCLASS_OBJECT_SYSV;
	if (!strcmp(name, "dev/zero") || !strcmp(name, "anon_hugepage"))
		return MEMCLASS_OBJECT_SHM;
	return MEMCLASS_OBJECT_DRIVER;
}

static void fill_kernel_name(struct mc_object *object, const struct dentry *dentry,
			     char *name, size_t room)
{
	/* Nobody renames there. */
	strscpy(name, (const char *)dentry->d_name.name, room);
	object->kind = kernel_kind(name);
}

/* As seen from the root of its mount, whatever is mounted where. */
static void fill_path(struct mc_object *object, struct dentry *dentry, char *name,
		      size_t room)
{
	char *path = dentry_path_raw(dentry, name, room);

	object->kind = is_hugetlb(object->inode) ? MEMCLASS_OBJECT_HUGETLBFS :
						   MEMCLASS_OBJECT_TMPFS;
	if (IS_ERR(path)) {
		object->flags |= MEMCLASS_OBJECT_CUT;
		scnprintf(name, room, "%pd4", dentry);
		return;
	}
	memmove(name, path, strlen(path) + 1);
}

/* One that leads to it, if there is one; the others, when it is unlinked. */
static struct dentry *get_dentry(struct inode *inode)
{
	struct dentry *dentry = d_find_alias(inode);

	return dentry ?: d_find_any_alias(inode);
}

static void fill_name(struct mc_object *object, struct inode *inode, char *name, size_t room)
{
	struct dentry *dentry = get_dentry(inode);

	*name = '\0';
	if (!dentry)
		fill_path(object, inode->i_sb->s_root, name, room);
	else if (inode->i_sb->s_flags & SB_KERNMOUNT)
		fill_kernel_name(object, dentry, name, room);
	else
		fill_path(object, dentry, name, room);
	if (!dentry)
		*name = '\0';
	dput(dentry);
	object->name = name;
}

/*
 * How often it is open. Each open file has a reference to its name; a name that leads
 * to it has one more, and is not there where the kernel itself made the object.
 */
static u32 count_opens(struct inode *inode)
{
	const struct dentry *dentry;
	u32 opens = 0;

	spin_lock(&inode->i_lock);
	mc_for_each_alias(dentry, inode)
		opens += d_count(dentry) - !d_unhashed(dentry);
	spin_unlock(&inode->i_lock);
	return opens;
}

/* Pages of other kinds that are passed in search of one in memory. */
#define ENTRIES_MAX	1024

/*
 * Who its first page is charged to: the others mostly are, too. Of what is swapped out
 * as a whole it is not known.
 */
static u64 charged_to(struct inode *inode)
{
	XA_STATE(xas, &inode->i_mapping->i_pages, 0);
	unsigned int passed = 0;
	struct folio *folio;
	u64 cgroup = 0;

	rcu_read_lock();
	xas_for_each(&xas, folio, ULONG_MAX) {
		if (++passed == ENTRIES_MAX)
			break;
		if (xas_retry(&xas, folio) || xa_is_value(folio) ||
		    !get_page_unless_zero(&folio->page))
			continue;
		cgroup = mc_memcg_of_page(&folio->page);
		put_page(&folio->page);
		break;
	}
	rcu_read_unlock();
	return cgroup;
}

/**
 * mc_object_fill() - all about an object but who uses it
 * @object: filled in
 * @inode: the caller has a reference
 * @name: where its name is put
 * @room: for that
 *
 * Locking: s_umount of its superblock, for reading: the names lead to its root.
 */
void mc_object_fill(struct mc_object *object, struct inode *inode, char *name, size_t room)
{
	*object = (struct mc_object) {
		.inode = inode,
		.ino = inode->i_ino,
		.dev = inode->i_sb->s_dev,
		.uid = from_kuid_munged(current_user_ns(), inode->i_uid),
		.page_size = is_hugetlb(inode) ? inode->i_sb->s_blocksize : PAGE_SIZE,
		.files = 1,
		.size = i_size_read(inode),
		.resident = mc_object_resident(inode),
		.swapped = mc_object_swapped(inode),
		.since = mc_inode_since(inode),
		.opens = count_opens(inode),
		.cgroup = charged_to(inode),
	};
	fill_name(object, inode, name, room);
	if (!inode->i_nlink && !(inode->i_sb->s_flags & SB_KERNMOUNT))
		object->flags |= MEMCLASS_OBJECT_UNLINKED;
	if (mapping_unevictable(inode->i_mapping))
		object->flags |= MEMCLASS_OBJECT_LOCKED;
	/* The segment itself has it open. */
	if (object->kind == MEMCLASS_OBJECT_SYSV && object->opens)
		object->opens--;
}

static void count_mapper(struct mc_object *object, struct mc_object_users *users,
			 unsigned int index, const struct vm_area_struct *vma)
{
	int by_mm = mc_object_users_add(users, index, vma->vm_mm);
	int by_file = mc_object_users_add(users, index, vma->vm_file);

	if (by_mm < 0 || by_file < 0) {
		object->flags |= MEMCLASS_OBJECT_MANY;
		return;
	}
	object->mappers += by_mm;
	object->known += by_file;
}

/**
 * mc_object_count_mappers() - how many address spaces map an object
 * @objects: the batch
 * @index: of the object in it
 * @inode: the caller has a reference
 *
 * Locking: takes i_mmap_rwsem for reading; sleeps.
 */
void mc_object_count_mappers(struct mc_objects *objects, unsigned int index,
			     struct inode *inode)
{
	struct mc_object *object = &objects->batch[index];
	struct address_space *mapping = inode->i_mapping;
	unsigned int looked = 0;
	struct rb_node *node;

	i_mmap_lock_read(mapping);
	for (node = rb_first_cached(&mapping->i_mmap); node; node = rb_next(node)) {
		count_mapper(object, &objects->users, index,
			     rb_entry(node, struct vm_area_struct, shared.rb));
		looked++;
		if (looked >= MAPPINGS_MAX || (looked >= MAPPINGS_WAITED &&
					       rwsem_is_contended(&mapping->i_mmap_rwsem)))
			object->flags |= MEMCLASS_OBJECT_MANY;
		if (object->flags & MEMCLASS_OBJECT_MANY)
			break;
	}
	i_mmap_unlock_read(mapping);
}

/* Bytes of a folio that some page table maps. */
static u64 folio_mapped_bytes(struct folio *folio, bool hugetlb)
{
	long i, nr = folio_nr_pages(folio);
	u64 pages = 0;

	if (folio_test_large(folio) && folio_entire_mapcount(folio) > 0)
		return (u64)nr << PAGE_SHIFT;
	if (hugetlb)
		return 0;
	for (i = 0; i < nr; i++)
		pages += mc_page_mapcount(folio, &folio->page + i) > 0;
	return pages << PAGE_SHIFT;
}

/*
 * Looks at the next pages from @index on.
 *
 * Locking: takes RCU, and a reference to a folio while it is looked at, so that it is
 * not split or freed. One that is just going is left out.
 * Return: false when there are no more.
 */
static bool count_mapped_from(struct mc_object *object, struct inode *inode, pgoff_t *index)
{
	XA_STATE(xas, &inode->i_mapping->i_pages, *index);
	bool hugetlb = is_hugetlb(inode);
	unsigned long looked = 0, nr;
	struct folio *folio;

	rcu_read_lock();
	xas_for_each(&xas, folio, ULONG_MAX) {
		if (xas_retry(&xas, folio))
			continue;
		*index = xas.xa_index + 1;
		nr = 1;
		if (!xa_is_value(folio) && get_page_unless_zero(&folio->page)) {
			if (xas_reload(&xas) == folio) {
				nr = hugetlb ? 1 : folio_nr_pages(folio);
				*index = round_down(xas.xa_index, nr) + nr;
				object->mapped += folio_mapped_bytes(folio, hugetlb);
			}
			put_page(&folio->page);
		}
		looked += nr;
		if (looked >= PAGES_AT_ONCE)
			break;
		/* 5.10 has a large folio in the place of each of its pages. */
		if (nr > 1)
			xas_set(&xas, *index);
	}
	rcu_read_unlock();
	return folio;
}

/**
 * mc_object_count_mapped() - how much of what is resident is mapped by page tables
 * @object: gets it
 * @inode: the caller has a reference
 *
 * Locking: none held; takes RCU for some pages at a time.
 */
void mc_object_count_mapped(struct mc_object *object, struct inode *inode)
{
	pgoff_t index = 0;

	while (count_mapped_from(object, inode, &index) && !fatal_signal_pending(current))
		cond_resched();
	/* Pages that came or went meanwhile. */
	object->mapped = min(object->mapped, object->resident);
}
