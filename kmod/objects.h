/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects of shared memory: what lies on a tmpfs or a hugetlbfs, on mounts of users in
 * any namespace and on the kernel's own, where memfds, System V segments, MAP_SHARED |
 * MAP_ANONYMOUS and drivers have theirs.
 */
#ifndef MC_OBJECTS_H
#define MC_OBJECTS_H

#include <linux/bitmap.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/types.h>

#include "uapi/memclass.h"

#define MC_OBJECTS_BATCH	256
#define MC_OBJECTS_NAMES	(64U << 10)
/* Of one name; of a longer path only the end is shown. */
#define MC_OBJECT_NAME_MAX	(8U << 10)
#define MC_OBJECTS_USERS	(1U << 13)
#define MC_OBJECTS_BUCKETS	(4U * MC_OBJECTS_BATCH)

/* An object, or the sum over small files. Nothing in it keeps anything alive. */
struct mc_object {
	const struct inode *inode;	/* only to compare */
	u64 ino;
	u64 index;			/* how many are before it on its superblock */
	dev_t dev;
	uid_t uid;
	enum memclass_object_kind kind;
	unsigned int flags;		/* MEMCLASS_OBJECT_* */
	u32 page_size;
	u64 files;
	u64 size;
	u64 resident;
	u64 swapped;
	u64 mapped;
	s64 since;			/* seconds since 1970 */
	u64 cgroup;			/* that it is charged to, as an inode; 0: not known */
	u32 mappers;			/* address spaces that map it */
	u32 holders;			/* processes that only have a descriptor */
	u32 opens;			/* open files there are, */
	u32 known;			/* and of which it is known who has them */
	pid_t last_holder;		/* the last process that was met as one */
	const char *name;		/* among the names of the batch */
};

/*
 * Who uses which object of a batch: the mm's that map it, the open files by which they
 * do and those that are in a table of descriptors. Only to compare.
 */
struct mc_object_users {
	unsigned int nr;
	struct {
		const void *who;
		u32 object;
	} slots[MC_OBJECTS_USERS];
};

/* How far a superblock was read. Its inodes are in a list, the newest first. */
struct mc_objects_place {
	const struct super_block *sb;	/* only to compare; NULL: none was begun */
	dev_t dev;
	const struct inode *inode;	/* the last one that was looked at; the same */
	u64 ino;
	u64 index;			/* how many were before it */
	unsigned int anchors;		/* objects of the batch that lie before it */
};

/* What it takes to read them. Allocated once for each open file. */
struct mc_objects {
	unsigned int nr;
	struct mc_object batch[MC_OBJECTS_BATCH];	/* the result */

	bool full;			/* the batch, or what is beside it */
	bool progress;			/* something was looked at in this round */
	bool found;			/* the superblock of the place, in this round */
	unsigned int names_used;
	struct mc_objects_place place;
	struct mc_object small;		/* files of that superblock, so far */
	struct mc_object_users users;
	u16 buckets[MC_OBJECTS_BUCKETS];	/* from an inode to its place in the batch */
	char names[MC_OBJECTS_NAMES];
	DECLARE_BITMAP(done, 1 << MINORBITS);	/* superblocks, by their device's number */
};

void mc_objects_init(void);
void mc_objects_start(struct mc_objects *objects);
int mc_objects_next(struct mc_objects *objects);
unsigned long mc_objects_small(void);

/* Of one object: objects_inode.c */
u64 mc_object_resident(const struct inode *inode);
u64 mc_object_swapped(const struct inode *inode);
void mc_object_fill(struct mc_object *object, struct inode *inode, char *name, size_t room);
void mc_object_count_mappers(struct mc_objects *objects, unsigned int index,
			     struct inode *inode);
void mc_object_count_mapped(struct mc_object *object, struct inode *inode);

/* Of all in a batch: objects_users.c */
void mc_object_users_clear(struct mc_object_users *users);
int mc_object_users_add(struct mc_object_users *users, unsigned int object, const void *who);
int mc_objects_count_holders(struct mc_objects *objects);

#endif /* MC_OBJECTS_H */
