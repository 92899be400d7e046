// SPDX-License-Identifier: GPL-2.0
/*
 * Who has descriptors of the objects of a batch: all tables of descriptors are looked
 * through once for it.
 */
#include "objects.h"

#include "compat.h"

#include <linux/error-injection.h>
#include <linux/fdtable.h>
#include <linux/hash.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>

/* Descriptors that are looked at while their process waits for its table. */
#define FDS_AT_ONCE	512

void mc_object_users_clear(struct mc_object_users *users)
{
	if (users->nr)
		memset(users, 0, sizeof(*users));
}

/* The slot where that is, or an empty one. */
static unsigned int find_slot(const struct mc_object_users *users, unsigned int object,
			      const void *who)
{
	unsigned int slot = hash_64((unsigned long)who + object, ilog2(MC_OBJECTS_USERS));

	while (users->slots[slot].who &&
	       (users->slots[slot].who != who || users->slots[slot].object != object))
		slot = (slot + 1) % MC_OBJECTS_USERS;
	return slot;
}

static bool is_user(const struct mc_object_users *users, unsigned int object, const void *who)
{
	return users->slots[find_slot(users, object, who)].who;
}

/**
 * mc_object_users_add() - note that somebody uses an object
 * @users: where
 * @object: its place in the batch
 * @who: an mm or an open file, only to compare
 *
 * Return: 1, or 0 when it was known already, -ENOSPC when there is no more room.
 */
int mc_object_users_add(struct mc_object_users *users, unsigned int object, const void *who)
{
	unsigned int slot = find_slot(users, object, who);

	if (!who || users->slots[slot].who)
		return 0;
	/* Some stay empty, so that a search ends. */
	if (users->nr >= MC_OBJECTS_USERS / 4 * 3)
		return -ENOSPC;
	users->slots[slot].who = who;
	users->slots[slot].object = object;
	users->nr++;
	return 1;
}

static unsigned int bucket_of(const struct inode *inode)
{
	return hash_ptr(inode, ilog2(MC_OBJECTS_BUCKETS));
}

static void make_buckets(struct mc_objects *objects)
{
	unsigned int i, bucket;

	memset(objects->buckets, 0, sizeof(objects->buckets));
	for (i = 0; i < objects->nr; i++) {
		if (!objects->batch[i].inode)
			continue;
		bucket = bucket_of(objects->batch[i].inode);
		while (objects->buckets[bucket])
			bucket = (bucket + 1) % MC_OBJECTS_BUCKETS;
		objects->buckets[bucket] = i + 1;
	}
}

/* The object of an inode that exists. An inode is freed, and its place another's. */
static struct mc_object *find_object(struct mc_objects *objects, const struct inode *inode)
{
	unsigned int bucket = bucket_of(inode);
	struct mc_object *object;

	for (; objects->buckets[bucket]; bucket = (bucket + 1) % MC_OBJECTS_BUCKETS) {
		object = &objects->batch[objects->buckets[bucket] - 1];
		if (object->inode == inode && object->ino == inode->i_ino)
			return object;
	}
	return NULL;
}

/* A table of descriptors that is looked through. */
struct search {
	struct mc_objects *objects;
	pid_t pid;
	/* Only to compare. */
	const struct files_struct *table;
	const struct mm_struct *mm;
	unsigned int looked;
};

static void note_descriptor(struct search *search, struct mc_object *object,
			    const struct file *file)
{
	struct mc_objects *objects = search->objects;
	unsigned int index = object - objects->batch;
	int added = mc_object_users_add(&objects->users, index, file);

	if (added < 0)
		object->flags |= MEMCLASS_OBJECT_MANY;
	else
		object->known += added;
	/* Then it is not known who maps it as well. */
	if (object->flags & MEMCLASS_OBJECT_MANY || object->last_holder == search->pid)
		return;
	object->last_holder = search->pid;
	if (!search->mm || !is_user(&objects->users, index, search->mm))
		object->holders++;
}

/* Return: the descriptor to go on from, when it is time for a pause. */
static int look_at_descriptor(const void *data, struct file *file, unsigned int fd)
{
	struct search *search = (struct search *)data;
	struct mc_object *object = find_object(search->objects, file_inode(file));

	if (object)
		note_descriptor(search, object, file);
	return ++search->looked % FDS_AT_ONCE ? 0 : fd + 1;
}

/*
 * A table can be as large, and a process have as many, as somebody likes who wants to
 * keep the reader busy.
 *
 * Locking: takes the lock of the task, within which its table is not given up, and the
 * one of the table, for some descriptors at a time; sleeps in between.
 */
static void look_at_table(struct search *search, struct task_struct *task)
{
	int fd = 0;

	do {
		task_lock(task);
		search->table = task->files;
		search->mm = task->mm;
		fd = iterate_fd(task->files, fd, look_at_descriptor, search);
		task_unlock(task);
		cond_resched();
	} while (fd && !fatal_signal_pending(current));
}

/*
 * The next thread that has another table: threads mostly have one in common. Of one that
 * has ended it is not known any more who comes next; what these have open is then said
 * to be somebody's unknown.
 *
 * Return: a reference, for the one to @thread.
 */
static struct task_struct *next_table(const struct search *search, struct task_struct *thread)
{
	struct task_struct *next = thread, *found = NULL;

	rcu_read_lock();
	if (pid_alive(thread)) {
		list_for_each_entry_continue_rcu(next, &thread->signal->thread_head,
						 thread_node) {
			if (READ_ONCE(next->files) == search->table)
				continue;
			found = next;
			get_task_struct(found);
			break;
		}
	}
	rcu_read_unlock();
	put_task_struct(thread);
	return found;
}

/* Gives the reference to the leader back. Threads that come meanwhile are left out. */
static void look_at_process(struct search *search, struct task_struct *leader)
{
	int left = get_nr_threads(leader);
	struct task_struct *thread = leader;

	do {
		look_at_table(search, thread);
		thread = next_table(search, thread);
	} while (thread && --left > 0);
	if (thread)
		put_task_struct(thread);
}

/* A reference to the process with that pid, or the next higher one; NULL: none. */
static struct task_struct *get_process(int *pid)
{
	struct task_struct *task = NULL;
	struct pid *found;

	rcu_read_lock();
	while (!task && (found = idr_get_next(&init_pid_ns.idr, pid))) {
		task = pid_task(found, PIDTYPE_TGID);
		if (task && (task->flags & PF_KTHREAD))
			task = NULL;
		if (!task)
			++*pid;
	}
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

/**
 * mc_objects_count_holders() - who has descriptors of the objects of a batch
 * @objects: the batch
 *
 * Of all processes, whatever namespace they are in: so are the objects.
 *
 * Locking: none held; sleeps.
 * Return: 0, or -EINTR when the reader was killed.
 */
int mc_objects_count_holders(struct mc_objects *objects)
{
	struct search search = { .objects = objects };
	struct task_struct *task;
	int pid = 1;

	make_buckets(objects);
	while ((task = get_process(&pid))) {
		search.pid = pid++;
		look_at_process(&search, task);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}
ALLOW_ERROR_INJECTION(mc_objects_count_holders, ERRNO);
