// SPDX-License-Identifier: GPL-2.0
/*
 * All objects, a batch at a time. A superblock is looked at under its s_umount, and
 * all references are dropped with that: nothing is kept from one batch to the next, so
 * that a reader who takes his time keeps no mount.
 */
#include "objects.h"

#include "compat.h"

#include <linux/err.h>
#include <linux/error-injection.h>
#include <linux/fs_struct.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

static unsigned long small = 64 << 10;
module_param_named(objects_small, small, ulong, 0644);
MODULE_PARM_DESC(objects_small,
		 "files below so many bytes of memory are summed per mount in objects, 0: none");

/* Inodes that are passed while others wait for the list. */
#define INODES_AT_ONCE	256

/* All file systems that are made of shmem or hugetlbfs. */
static struct file_system_type *types[4];
static unsigned int nr_types;

static void add_type(struct file_system_type *type)
{
	if (type)
		types[nr_types++] = type;
}

/*
 * What is mounted as devtmpfs is another file system than the one that can be asked
 * for by that name.
 */
static struct file_system_type *devtmpfs_type(void)
{
	struct file_system_type *public = get_fs_type("devtmpfs"), *type;
	struct vfsmount *mnt;

	if (!public)
		return NULL;
	mnt = vfs_kern_mount(public, 0, "devtmpfs", NULL);
	if (IS_ERR(mnt))
		return NULL;
	type = mnt->mnt_sb->s_type;
	mntput(mnt);
	return type;
}

/* The file system of the boot lies below the root; it has no name to be asked for. */
static struct file_system_type *rootfs_type(void)
{
	struct file_system_type *type = NULL;
	struct path path;

	get_fs_root(init_task.fs, &path);
	do {
		if (!strcmp(path.mnt->mnt_sb->s_type->name, "rootfs"))
			type = path.mnt->mnt_sb->s_type;
	} while (!type && follow_up(&path));
	path_put(&path);
	return type;
}

/**
 * mc_objects_init() - find the file systems
 *
 * They are part of the kernel itself, and stay.
 */
void mc_objects_init(void)
{
	nr_types = 0;
	add_type(get_fs_type("tmpfs"));
	add_type(get_fs_type("hugetlbfs"));
	add_type(devtmpfs_type());
	add_type(rootfs_type());
}

/* Return: below how many bytes files are summed. */
unsigned long mc_objects_small(void)
{
	return READ_ONCE(small);
}

/* Does it show who uses it, or is much of it? Otherwise it is but one of many files. */
static bool is_listed(struct inode *inode, u64 bytes)
{
	return !inode->i_nlink || mapping_mapped(&inode->i_data) || bytes >= READ_ONCE(small);
}

/*
 * Passes an inode, or adds it to the small files.
 *
 * Locking: s_inode_list_lock, so that it stays.
 * Return: false: it has to be looked at.
 */
static bool pass_inode(struct mc_objects *objects, struct inode *inode)
{
	struct mc_object *sum = &objects->small;
	u64 resident, swapped;

	/* Long symbolic links have a page, too. */
	if (!S_ISREG(inode->i_mode) && !S_ISLNK(inode->i_mode))
		return true;
	resident = mc_object_resident(inode);
	swapped = mc_object_swapped(inode);
	if (is_listed(inode, resident + swapped))
		return false;
	sum->files++;
	sum->size += i_size_read(inode);
	sum->resident += resident;
	sum->swapped += swapped;
	return true;
}

/* What a batch has besides objects must have room for one more as well. */
static bool is_full(const struct mc_objects *objects)
{
	return objects->nr == MC_OBJECTS_BATCH ||
	       objects->names_used > MC_OBJECTS_NAMES - MC_OBJECT_NAME_MAX ||
	       objects->users.nr > MC_OBJECTS_USERS / 2;
}

static void add_object(struct mc_objects *objects, struct inode *inode)
{
	struct mc_object *object = &objects->batch[objects->nr];
	char *name = objects->names + objects->names_used;

	mc_object_fill(object, inode, name, MC_OBJECT_NAME_MAX);
	object->index = objects->place.index;
	if (mapping_mapped(inode->i_mapping)) {
		mc_object_count_mappers(objects, objects->nr, inode);
		mc_object_count_mapped(object, inode);
	}
	objects->names_used += strlen(name) + 1;
	objects->nr++;
	objects->full = is_full(objects);
}

static void add_small(struct mc_objects *objects)
{
	if (objects->small.files)
		objects->batch[objects->nr++] = objects->small;
	objects->full = is_full(objects);
}

/*
 * Stops at an inode, so that others can have the list.
 *
 * Locking: s_inode_list_lock; let go and taken again. @held is the reference that
 * keeps the place in the list meanwhile.
 * Return: false, and still locked, when the inode is on its way out.
 */
static bool stop_at(struct mc_objects *objects, struct inode *inode, struct inode **held,
		    bool listed)
	__must_hold(&inode->i_sb->s_inode_list_lock)
{
	struct super_block *sb = inode->i_sb;

	if (!igrab(inode))
		return false;
	spin_unlock(&sb->s_inode_list_lock);
	iput(*held);
	*held = inode;
	if (listed)
		add_object(objects, inode);
	cond_resched();
	spin_lock(&sb->s_inode_list_lock);
	return true;
}

/* A place in the list: @skip inodes after @inode, or after its beginning. */
struct anchor {
	const struct inode *inode;
	u64 ino;
	u64 skip;
};

/*
 * Goes there.
 *
 * Locking: as stop_at().
 * Return: 1 when @held is the inode at the place, 0 when the list ends before it,
 * -ENOENT when the anchor is gone.
 */
static int seek(struct mc_objects *objects, struct super_block *sb, struct anchor anchor,
		struct inode **held)
{
	bool met = !anchor.inode;
	unsigned int passed = 0;
	struct inode *inode;

	list_for_each_entry(inode, &sb->s_inodes, i_sb_list) {
		if (met)
			anchor.skip--;
		else
			met = inode == anchor.inode && inode->i_ino == anchor.ino;
		if (met && !anchor.skip) {
			if (stop_at(objects, inode, held, false))
				return 1;
			/* The next one will do. */
			anchor.skip = 1;
		} else if (++passed % INODES_AT_ONCE == 0) {
			stop_at(objects, inode, held, false);
		}
	}
	return met ? 0 : -ENOENT;
}

/*
 * Goes to where the last batch ended. When that inode has been deleted since, an object
 * before it leads there, with as many inodes between as there were; the more
 * neighbours have gone with it, the further away the one that is tried next.
 */
static int seek_place(struct mc_objects *objects, struct super_block *sb, struct inode **held)
{
	const struct mc_objects_place *place = &objects->place;
	struct anchor anchor = { place->inode, place->ino, 0 };
	unsigned int back;
	int ret;

	ret = seek(objects, sb, anchor, held);
	for (back = 1; ret == -ENOENT && back <= place->anchors; back *= 2) {
		const struct mc_object *object = &objects->batch[place->anchors - back];

		if (object->dev != place->dev || !object->inode)
			break;
		anchor = (struct anchor) { object->inode, object->ino,
					   place->index - object->index };
		ret = seek(objects, sb, anchor, held);
	}
	if (ret == -ENOENT)
		ret = seek(objects, sb, (struct anchor) { .skip = place->index }, held);
	return ret;
}

static bool must_stop(const struct mc_objects *objects, struct super_block *sb)
{
	return objects->full || rwsem_is_contended(&sb->s_umount) ||
	       fatal_signal_pending(current);
}

/*
 * Looks at the inodes of a superblock from the place on.
 *
 * Locking: s_umount; takes s_inode_list_lock for INODES_AT_ONCE inodes at a time.
 * Return: whether there are no more.
 */
static bool read_inodes(struct mc_objects *objects, struct super_block *sb)
{
	struct mc_objects_place *place = &objects->place;
	/* The list's head, taken for an inode: what comes after it is the first. */
	struct inode *inode = list_entry(&sb->s_inodes, struct inode, i_sb_list);
	struct inode *held = NULL;
	unsigned int passed = 0;
	bool ended = true, listed;

	spin_lock(&sb->s_inode_list_lock);
	if (place->inode) {
		if (!seek_place(objects, sb, &held))
			goto out;
		inode = held;
	}
	list_for_each_entry_continue(inode, &sb->s_inodes, i_sb_list) {
		place->index++;
		listed = !pass_inode(objects, inode);
		if (!listed && ++passed % INODES_AT_ONCE)
			continue;
		if (!stop_at(objects, inode, &held, listed))
			continue;
		place->inode = inode;
		place->ino = inode->i_ino;
		if (must_stop(objects, sb)) {
			place->anchors = objects->nr;
			ended = false;
			break;
		}
	}
out:
	spin_unlock(&sb->s_inode_list_lock);
	iput(held);
	return ended;
}

static void begin_super(struct mc_objects *objects, const struct super_block *sb)
{
	objects->place = (struct mc_objects_place) { .sb = sb, .dev = sb->s_dev };
	objects->small = (struct mc_object) {
		.kind = MEMCLASS_OBJECT_SMALL,
		.dev = sb->s_dev,
		.page_size = sb->s_magic == HUGETLBFS_MAGIC ? sb->s_blocksize : PAGE_SIZE,
		.name = "",
	};
}

static void end_super(struct mc_objects *objects)
{
	__set_bit(MINOR(objects->place.dev), objects->done);
	objects->place.sb = NULL;
	objects->progress = true;
}

/*
 * For iterate_supers_type(), which cannot be told to stop nor where to begin.
 *
 * Locking: s_umount of @sb, for reading; so it stays mounted, or at least whole.
 */
static void visit_super(struct super_block *sb, void *data)
{
	struct mc_objects *objects = data;

	if (sb->s_magic != TMPFS_MAGIC && sb->s_magic != HUGETLBFS_MAGIC)
		return;
	if (objects->full || fatal_signal_pending(current) ||
	    test_bit(MINOR(sb->s_dev), objects->done))
		return;
	if (!objects->place.sb)
		begin_super(objects, sb);
	else if (objects->place.sb != sb || objects->place.dev != sb->s_dev)
		return;
	objects->found = true;
	objects->progress = true;
	if (read_inodes(objects, sb)) {
		add_small(objects);
		end_super(objects);
	}
}

/* A superblock that goes while it is visited can end a round early. */
static void read_supers(struct mc_objects *objects)
{
	unsigned int i;

	do {
		objects->progress = false;
		objects->found = !objects->place.sb;
		for (i = 0; i < nr_types; i++)
			iterate_supers_type(types[i], visit_super, objects);
		/* It was unmounted; what was in it is gone. */
		if (!objects->found)
			end_super(objects);
	} while (objects->progress && !objects->full && !fatal_signal_pending(current));
}

/* Before the first batch. */
void mc_objects_start(struct mc_objects *objects)
{
	objects->place.sb = NULL;
	bitmap_zero(objects->done, 1 << MINORBITS);
}

/**
 * mc_objects_next() - the next objects
 * @objects: gets them
 *
 * Those that were made or deleted since the first batch may be among them, or not.
 *
 * Locking: none held; sleeps.
 * Return: how many there are, 0 when there are no more, -EINTR when the reader was
 * killed.
 */
int mc_objects_next(struct mc_objects *objects)
{
	int ret = 0;

	objects->nr = 0;
	objects->names_used = 0;
	objects->full = false;
	mc_object_users_clear(&objects->users);
	read_supers(objects);
	if (objects->nr)
		ret = mc_objects_count_holders(objects);
	if (!ret && fatal_signal_pending(current))
		ret = -EINTR;
	return ret ?: objects->nr;
}
ALLOW_ERROR_INJECTION(mc_objects_next, ERRNO);
