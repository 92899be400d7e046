// SPDX-License-Identifier: GPL-2.0
/*
 * Memory cgroups: what the processes in them have, each counted where it is charged.
 */
#include "cgroups.h"

#include "compat.h"

#include <linux/cgroup.h>
#include <linux/error-injection.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

/* Return: "v2" or "v1", NULL when this kernel has none. */
const char *mc_cgroups_version(void)
{
	return mc_memcg_version();
}

static void put_batch(struct mc_cgroups *cgroups)
{
	while (cgroups->nr)
		css_put(cgroups->batch[--cgroups->nr].css);
}

static void set_last(struct mc_cgroups *cgroups, struct cgroup_subsys_state *css)
{
	if (css)
		css_get(css);
	if (cgroups->last)
		css_put(cgroups->last);
	cgroups->last = css;
}

/**
 * mc_cgroups_start() - before the first batch, and after the last one
 * @cgroups: what is made ready, and has no reference any more
 */
void mc_cgroups_start(struct mc_cgroups *cgroups)
{
	put_batch(cgroups);
	set_last(cgroups, NULL);
}

static u64 inode_of(const struct cgroup_subsys_state *css)
{
	return css ? cgroup_ino(css->cgroup) : 0;
}

/*
 * Takes the cgroups that follow the last one. That can have been removed meanwhile, and
 * leads on all the same.
 */
static void take_batch(struct mc_cgroups *cgroups)
{
	struct cgroup_subsys_state *css = cgroups->last;
	struct mc_cgroup *cgroup;

	put_batch(cgroups);
	rcu_read_lock();
	while (cgroups->nr < MC_CGROUPS_BATCH && (css = mc_memcg_next(css))) {
		/* One that was removed has no processes; pages can still be charged to it. */
		if (!(css->flags & CSS_ONLINE) || !css_tryget_online(css))
			continue;
		cgroup = &cgroups->batch[cgroups->nr++];
		memset(cgroup, 0, sizeof(*cgroup));
		cgroup->css = css;
		cgroup->inode = inode_of(css);
		cgroup->parent = inode_of(css->parent);
	}
	rcu_read_unlock();
	if (cgroups->nr)
		set_last(cgroups, cgroups->batch[cgroups->nr - 1].css);
}

static struct mc_cgroup *find(struct mc_cgroups *cgroups,
			      const struct cgroup_subsys_state *css)
{
	unsigned int i;

	for (i = 0; i < cgroups->nr; i++)
		if (cgroups->batch[i].css == css)
			return &cgroups->batch[i];
	return NULL;
}

/* Pids that are passed while RCU is held. */
#define PIDS_AT_ONCE	1024

/*
 * Looks for the next process from @pid on that is in a cgroup of the batch.
 *
 * Return: whether that has come to an end: with @cgroup, or there is none.
 */
static bool look_for_process(struct mc_cgroups *cgroups, int *pid, struct mc_cgroup **cgroup)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	unsigned int left = PIDS_AT_ONCE;
	struct task_struct *task;
	struct pid *found = NULL;

	rcu_read_lock();
	for (; left && (found = idr_get_next(&ns->idr, pid)); ++*pid, left--) {
		task = pid_task(found, PIDTYPE_TGID);
		if (!task || task->flags & PF_KTHREAD)
			continue;
		*cgroup = find(cgroups, mc_memcg_of(task));
		if (*cgroup)
			break;
	}
	rcu_read_unlock();
	return *cgroup || !found;
}

/* NULL: there is none, or the reader was killed. */
static struct mc_cgroup *next_process(struct mc_cgroups *cgroups, int *pid)
{
	struct mc_cgroup *cgroup = NULL;

	while (!look_for_process(cgroups, pid, &cgroup) && !fatal_signal_pending(current))
		cond_resched();
	return cgroup;
}

static void add_counts(struct memclass_counts *sum, const struct memclass_counts *counts)
{
	mc_stats_add(container_of(sum, struct mc_stats, counts),
		     container_of(counts, const struct mc_stats, counts));
}

static void add_faults(struct memclass_faults *sum, const struct memclass_faults *faults)
{
#define ADD(field, text) sum->field += faults->field;
	MEMCLASS_FAULTS(ADD)
#undef ADD
}

/* Memory that several processes have in common was counted with the first of them. */
static void add_process(struct mc_cgroup *cgroup, const struct mc_process_reader *reader)
{
	const struct memclass_record *record = &reader->record;
	unsigned long used = reader->used | reader->faults.used;
	unsigned int class;

	cgroup->nr_processes++;
	cgroup->used |= used;
	cgroup->faults_on = record->flags & MEMCLASS_FAULTS_ON;
	add_faults(&cgroup->faults_total, &record->faults_total);
	for_each_set_bit(class, &used, MEMCLASS_NR_CLASSES) {
		cgroup->processes[class]++;
		add_faults(&cgroup->faults[class], &record->faults[class]);
	}
	if (record->flags & MEMCLASS_SHARED_MM)
		return;
	add_counts(&cgroup->total, &record->total);
	for_each_set_bit(class, &used, MEMCLASS_NR_CLASSES)
		add_counts(&cgroup->classes[class], &record->classes[class]);
}

static int add_processes(struct mc_cgroups *cgroups)
{
	struct mc_cgroup *cgroup;
	int pid = 1, ret;

	while ((cgroup = next_process(cgroups, &pid))) {
		ret = mc_record_next(&cgroups->reader, pid, false);
		if (ret < 0)
			return ret;
		/* Otherwise it has no memory, or has gone: that is the next one's. */
		if (ret && cgroups->reader.record.pid == pid)
			add_process(cgroup, &cgroups->reader);
		pid++;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/**
 * mc_cgroups_next() - the next cgroups
 * @cgroups: gets them; mc_cgroups_start() lets go of the last ones
 *
 * Locking: none held; sleeps.
 * Return: how many there are, 0 when there are no more, -EINTR when the reader was
 * killed.
 */
int mc_cgroups_next(struct mc_cgroups *cgroups)
{
	take_batch(cgroups);
	return add_processes(cgroups) ?: cgroups->nr;
}
ALLOW_ERROR_INJECTION(mc_cgroups_next, ERRNO);
