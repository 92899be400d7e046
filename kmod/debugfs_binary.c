// SPDX-License-Identifier: GPL-2.0
/*
 * records and vmas: fixed-size records, chosen by the read offset. What a reader may
 * ask and what it gets is in uapi/memclass.h.
 */
#include "debugfs.h"

#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "record.h"

/* A read ends after this time, with what it has; the next one goes on. */
#define READ_JIFFIES	(HZ / 10)

/* Where a read begins, and where the next one does. */
struct position {
	bool cheap;
	u64 index;			/* in records */
};

/* Return: 0, or -EINVAL: not the beginning of a record, or no room for one. */
static int position_get(loff_t offset, size_t count, size_t size, struct position *pos)
{
	u64 bytes = offset & ~MEMCLASS_OFFSET_CHEAP;

	if (offset < 0 || bytes % size || count < size)
		return -EINVAL;
	pos->cheap = offset & MEMCLASS_OFFSET_CHEAP;
	pos->index = bytes / size;
	return 0;
}

static loff_t position_offset(const struct position *pos, size_t size)
{
	return pos->index * size + (pos->cheap ? MEMCLASS_OFFSET_CHEAP : 0);
}

/*
 * The offset is a question, not a place in a file: it has no end, and debugfs's limit
 * for one, 2 GiB, means nothing here.
 */
static loff_t binary_llseek(struct file *file, loff_t offset, int whence)
{
	return generic_file_llseek_size(file, offset, whence, LLONG_MAX, 0);
}

/* Is it time to end a read that has something to return? */
static bool read_is_long(unsigned long began)
{
	return time_after(jiffies, began + READ_JIFFIES) || signal_pending(current);
}

struct records_file {
	struct mutex lock;		/* threads can share an open file */
	struct mc_process_reader reader;
};

/* Return: 1 when there is a record, 0 when there are no more processes. */
static int records_next(struct records_file *records, struct position *pos)
{
	int ret;

	if (pos->index > INT_MAX)
		return 0;
	ret = mc_record_next(&records->reader, pos->index, pos->cheap);
	if (ret > 0)
		pos->index = (u64)records->reader.record.pid + 1;
	return ret;
}

static ssize_t records_read(struct file *file, char __user *buf, size_t count,
			    loff_t *offset)
{
	struct records_file *records = file->private_data;
	const size_t size = sizeof(struct memclass_record);
	unsigned long began = jiffies;
	struct position pos;
	size_t done = 0;
	int ret;

	ret = position_get(*offset, count, size, &pos);
	if (ret)
		return ret;
	if (mutex_lock_killable(&records->lock))
		return -EINTR;
	do {
		ret = records_next(records, &pos);
		if (ret <= 0)
			break;
		if (copy_to_user(buf + done, &records->reader.record, size)) {
			ret = -EFAULT;
			break;
		}
		done += size;
		*offset = position_offset(&pos, size);
	} while (count - done >= size && !read_is_long(began));
	mutex_unlock(&records->lock);
	return done ?: ret;
}

static int records_open(struct inode *inode, struct file *file)
{
	struct records_file *records = kvzalloc(sizeof(*records), GFP_KERNEL_ACCOUNT);

	if (!records)
		return -ENOMEM;
	mutex_init(&records->lock);
	file->private_data = records;
	return 0;
}

static int private_release(struct inode *inode, struct file *file)
{
	kvfree(file->private_data);
	return 0;
}

const struct file_operations mc_records_fops = {
	.owner = THIS_MODULE,
	.open = records_open,
	.read = records_read,
	.llseek = binary_llseek,
	.release = private_release,
};

/* The offset of no read: none is negative. */
#define NOWHERE		(-1)

struct vmas_file {
	struct mutex lock;		/* as above */
	struct mc_vma_reader reader;

	/* A read at this offset goes on at the position; any other begins anew. */
	loff_t next_offset;
	struct position next;

	/* Some of the mappings of this process were read, but not the last one. */
	bool partial;
	u64 start_ns;
	u64 exec_id;
	const struct mm_struct *mm;	/* only to compare */
};

static pid_t position_pid(const struct position *pos)
{
	return pos->index / MEMCLASS_VMA_ORDINALS;
}

static bool position_is_end(const struct position *pos)
{
	return pos->index / MEMCLASS_VMA_ORDINALS > INT_MAX;
}

static void position_next_process(struct position *pos)
{
	pos->index = MEMCLASS_VMA_INDEX(pos->index / MEMCLASS_VMA_ORDINALS + 1, 0);
}

static void vmas_begin(struct vmas_file *vmas, struct mc_target *target)
{
	struct position *pos = &vmas->next;
	u32 ordinal = 0;

	if (target->pid == position_pid(pos))
		ordinal = pos->index % MEMCLASS_VMA_ORDINALS;
	pos->index = MEMCLASS_VMA_INDEX(target->pid, ordinal);
	vmas->start_ns = target->task->start_boottime;
	vmas->exec_id = target->task->self_exec_id;
	vmas->mm = target->mm;
	mc_record_vmas_start(&vmas->reader, target, pos->cheap, ordinal);
}

/*
 * Between reads no reference is held, so the process may have ended and its pid be
 * another's, or it may be another program. Neither says so alone: exec gives a process
 * its new memory first, and the place of the old one can be taken by that of a later
 * exec.
 */
static bool vmas_go_on(const struct vmas_file *vmas, const struct mc_target *target)
{
	return target->pid == position_pid(&vmas->next) &&
	       target->task->start_boottime == vmas->start_ns &&
	       target->task->self_exec_id == vmas->exec_id && target->mm == vmas->mm;
}

/* The next mappings of a process. Return: as mc_record_vmas(). */
static int vmas_of(struct vmas_file *vmas, struct mc_target *target, unsigned int max)
{
	if (!vmas->partial)
		vmas_begin(vmas, target);
	else if (!vmas_go_on(vmas, target))
		return -ESRCH;
	return mc_record_vmas(&vmas->reader, target, max);
}

/* The rows are in the reader: says what comes after them. */
static void vmas_advance(struct vmas_file *vmas)
{
	vmas->next.index += vmas->reader.count;
	vmas->partial = !vmas->reader.complete;
	if (!vmas->partial)
		position_next_process(&vmas->next);
}

/*
 * Return: how many mappings there are in the reader, 0 when there are no more; -ESRCH
 * when those of a process cannot be read to the end, which stays so as long as it is not
 * passed over; -EINTR when the reader was killed, or why else a walk failed.
 */
static int vmas_next(struct vmas_file *vmas, unsigned int max)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	struct mc_target target;
	int ret;

	while (!position_is_end(&vmas->next) &&
	       mc_target_next(ns, position_pid(&vmas->next), &target)) {
		ret = vmas_of(vmas, &target, max);
		mc_target_put(&target);
		if (ret < 0 && (ret != -ESRCH || vmas->partial))
			return ret;
		/* None of its mappings were read yet: it might as well not have been. */
		if (ret == -ESRCH)
			position_next_process(&vmas->next);
		else
			vmas_advance(vmas);
		if (ret > 0)
			return ret;
	}
	return vmas->partial ? -ESRCH : 0;
}

/* The process went away, and the reader has been told. */
static void vmas_pass_over(struct vmas_file *vmas)
{
	vmas->partial = false;
	position_next_process(&vmas->next);
}

static ssize_t vmas_read(struct file *file, char __user *buf, size_t count,
			 loff_t *offset)
{
	struct vmas_file *vmas = file->private_data;
	const size_t size = sizeof(struct memclass_vma);
	unsigned long began = jiffies;
	struct position pos;
	size_t done = 0;
	int ret;

	ret = position_get(*offset, count, size, &pos);
	if (ret)
		return ret;
	if (mutex_lock_killable(&vmas->lock))
		return -EINTR;
	if (*offset != vmas->next_offset) {
		vmas->next = pos;
		vmas->partial = false;
	}
	do {
		ret = vmas_next(vmas, min_t(size_t, (count - done) / size, MC_VMA_BATCH));
		if (ret <= 0)
			break;
		if (copy_to_user(buf + done, vmas->reader.vmas, ret * size)) {
			ret = -EFAULT;
			break;
		}
		done += ret * size;
		*offset = position_offset(&vmas->next, size);
	} while (count - done >= size && !read_is_long(began));
	/* The file position stays where it is when a read fails, so not the offset tells. */
	if (ret == -ESRCH && !done)
		vmas_pass_over(vmas);
	/* What was walked and not given is walked again. */
	vmas->next_offset = ret < 0 && ret != -ESRCH ? NOWHERE : *offset;
	mutex_unlock(&vmas->lock);
	return done ?: ret;
}

static int vmas_open(struct inode *inode, struct file *file)
{
	struct vmas_file *vmas = kvzalloc(sizeof(*vmas), GFP_KERNEL_ACCOUNT);

	if (!vmas)
		return -ENOMEM;
	mutex_init(&vmas->lock);
	vmas->next_offset = NOWHERE;
	file->private_data = vmas;
	return 0;
}

const struct file_operations mc_vmas_fops = {
	.owner = THIS_MODULE,
	.open = vmas_open,
	.read = vmas_read,
	.llseek = binary_llseek,
	.release = private_release,
};
