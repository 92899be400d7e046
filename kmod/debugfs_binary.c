// SPDX-License-Identifier: GPL-2.0
/*
 * records and vmas: fixed-size records, chosen by the read offset. What a reader may
 * ask and what it gets is in uapi/memclass.h.
 */
#include "debugfs.h"

#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "record.h"

/* A read ends after this time, with what it has; the next one goes on. */
#define READ_NS		(100 * NSEC_PER_MSEC)

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
static bool read_is_long(u64 began)
{
	return ktime_get_ns() - began > READ_NS || signal_pending(current);
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
	u64 began = ktime_get_ns();
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
	struct records_file *records;
	int ret = mc_debugfs_may_open(file);

	if (ret)
		return ret;
	records = kvzalloc(sizeof(*records), GFP_KERNEL_ACCOUNT);
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

struct vmas_file {
	struct mutex lock;
	struct mc_vma_reader reader;

	/* What the reader goes on with when it is asked for just this offset. */
	loff_t next_offset;
	u64 start_ns;
	u64 exec_id;
	const struct mm_struct *mm;	/* only to compare */
};

/*
 * Between reads no reference is held, so the process may have ended and its pid be
 * another's, or it may be another program: then its mappings are at their end. Neither
 * says so alone: exec gives a process its new memory first, and the place of the old
 * one can be taken by that of a later exec.
 */
static bool vmas_go_on(const struct vmas_file *vmas, const struct mc_target *target,
		       const struct position *pos)
{
	return target->pid == (pid_t)(pos->index / MEMCLASS_VMA_ORDINALS) &&
	       target->task->start_boottime == vmas->start_ns &&
	       target->task->self_exec_id == vmas->exec_id && target->mm == vmas->mm;
}

static void vmas_begin(struct vmas_file *vmas, struct mc_target *target,
		       struct position *pos)
{
	u32 ordinal = 0;

	if (target->pid == pos->index / MEMCLASS_VMA_ORDINALS)
		ordinal = pos->index % MEMCLASS_VMA_ORDINALS;
	pos->index = MEMCLASS_VMA_INDEX(target->pid, ordinal);
	vmas->start_ns = target->task->start_boottime;
	vmas->exec_id = target->task->self_exec_id;
	vmas->mm = target->mm;
	mc_record_vmas_start(&vmas->reader, target, pos->cheap, ordinal);
}

static void position_next_process(struct position *pos)
{
	pos->index = MEMCLASS_VMA_INDEX(pos->index / MEMCLASS_VMA_ORDINALS + 1, 0);
}

/* Return: how many mappings there are in the reader, 0 when there are no more. */
static int vmas_next(struct vmas_file *vmas, struct position *pos, bool *sequential,
		     unsigned int max)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	struct mc_target target;
	int ret;

	while (pos->index / MEMCLASS_VMA_ORDINALS <= INT_MAX &&
	       mc_target_next(ns, pos->index / MEMCLASS_VMA_ORDINALS, &target)) {
		if (!*sequential || target.pid != pos->index / MEMCLASS_VMA_ORDINALS) {
			vmas_begin(vmas, &target, pos);
			*sequential = true;
		}
		ret = vmas_go_on(vmas, &target, pos) ?
			mc_record_vmas(&vmas->reader, &target, max) : 0;
		mc_target_put(&target);
		if (ret > 0)
			pos->index += ret;
		if (ret && ret != -ESRCH)
			return ret;
		position_next_process(pos);
		*sequential = false;
	}
	return 0;
}

static ssize_t vmas_read(struct file *file, char __user *buf, size_t count,
			 loff_t *offset)
{
	struct vmas_file *vmas = file->private_data;
	const size_t size = sizeof(struct memclass_vma);
	u64 began = ktime_get_ns();
	struct position pos;
	bool sequential;
	size_t done = 0;
	int ret;

	ret = position_get(*offset, count, size, &pos);
	if (ret)
		return ret;
	if (mutex_lock_killable(&vmas->lock))
		return -EINTR;
	sequential = *offset && *offset == vmas->next_offset;
	/* Whatever goes wrong below, the reader's place is then not this one. */
	vmas->next_offset = 0;
	do {
		ret = vmas_next(vmas, &pos, &sequential,
				min_t(size_t, (count - done) / size, MC_VMA_BATCH));
		if (ret <= 0)
			break;
		if (copy_to_user(buf + done, vmas->reader.vmas, ret * size)) {
			ret = -EFAULT;
			break;
		}
		done += ret * size;
		*offset = position_offset(&pos, size);
	} while (count - done >= size && !read_is_long(began));
	if (ret >= 0)
		vmas->next_offset = *offset;
	mutex_unlock(&vmas->lock);
	return done ?: ret;
}

static int vmas_open(struct inode *inode, struct file *file)
{
	struct vmas_file *vmas;
	int ret = mc_debugfs_may_open(file);

	if (ret)
		return ret;
	vmas = kvzalloc(sizeof(*vmas), GFP_KERNEL_ACCOUNT);
	if (!vmas)
		return -ENOMEM;
	mutex_init(&vmas->lock);
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
