// SPDX-License-Identifier: GPL-2.0
#include "proc_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The fields of "stat", as proc(5) numbers them. */
enum {
	STAT_STATE = 3,
	STAT_PPID = 4,
	STAT_START = 22,
	STAT_START_CODE = 26,
	STAT_START_STACK = 28,
	STAT_END_DATA = 46,
	STAT_START_BRK = 47,
	STAT_ARG_START = 48,
	STAT_FIELDS
};

/* Return: whether all that is needed was there. */
bool proc_parse_stat(const char *text, struct proc_stat *stat)
{
	const char *name = strchr(text, '('), *at = strrchr(text, ')');
	uint64_t fields[STAT_FIELDS] = { 0 };
	int field, length;
	char *end;

	memset(stat, 0, sizeof(*stat));
	/* The name can hold anything, ") Z" too. */
	if (!name || !at || at < name || sscanf(at, ") %c%n", &stat->state, &length) != 1)
		return false;
	snprintf(stat->comm, sizeof(stat->comm), "%.*s", (int)(at - name - 1), name + 1);
	at += length;
	for (field = STAT_STATE + 1; field < STAT_FIELDS; field++, at = end) {
		fields[field] = strtoull(at, &end, 10);
		if (end == at)
			return false;
	}
	stat->ppid = fields[STAT_PPID];
	stat->start_ticks = fields[STAT_START];
	stat->start_code = fields[STAT_START_CODE];
	stat->start_stack = fields[STAT_START_STACK];
	stat->end_data = fields[STAT_END_DATA];
	stat->start_brk = fields[STAT_START_BRK];
	stat->arg_start = fields[STAT_ARG_START];
	return true;
}

/* Return: the number behind "\n@key:", which must not be the first line. */
static bool find_number(const char *text, const char *key, uint64_t *number)
{
	const char *at = strstr(text, key);

	if (at)
		*number = strtoull(at + strlen(key), NULL, 10);
	return at;
}

void proc_parse_status(const char *text, struct proc_status *status)
{
	uint64_t number = 0;

	memset(status, 0, sizeof(*status));
	if (find_number(text, "\nUid:", &number))
		status->uid = number;
	if (find_number(text, "\nThreads:", &number))
		status->threads = number;
	if (find_number(text, "\nVmSize:", &number)) {
		status->has_memory = true;
		status->vm_size = number * 1024;
	}
	if (find_number(text, "\nVmRSS:", &number))
		status->vm_rss = number * 1024;
	if (find_number(text, "\nVmPTE:", &number))
		status->vm_pte = number * 1024;
}

static int parse_prot(const char *perms)
{
	return (perms[0] == 'r' ? PROT_READ : 0) | (perms[1] == 'w' ? PROT_WRITE : 0) |
	       (perms[2] == 'x' ? PROT_EXEC : 0);
}

/* Return: false for a line that begins no mapping. */
bool proc_parse_mapping(const char *line, struct proc_mapping *mapping)
{
	char perms[5];
	int length = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 "%n",
		   &mapping->start, &mapping->end, perms, &mapping->offset,
		   &mapping->dev_major, &mapping->dev_minor, &mapping->inode, &length) != 7 ||
	    strlen(perms) != 4 || mapping->start >= mapping->end)
		return false;
	mapping->prot = parse_prot(perms);
	mapping->shared = perms[3] == 's';
	mapping->name = line + length + strspn(line + length, " ");
	return true;
}

/* What smaps counts too. Those of which a kernel has no line are not known. */
static const struct {
	const char *name;
	enum memclass_column column;
} fields[] = {
	{ "Size", MEMCLASS_COLUMN_virt },
	{ "Rss", MEMCLASS_COLUMN_rss },
	{ "Pss", MEMCLASS_COLUMN_pss },
	{ "Pss_Dirty", MEMCLASS_COLUMN_pss_dirty },
	{ "Shared_Clean", MEMCLASS_COLUMN_shared_clean },
	{ "Shared_Dirty", MEMCLASS_COLUMN_shared_dirty },
	{ "Private_Clean", MEMCLASS_COLUMN_private_clean },
	{ "Private_Dirty", MEMCLASS_COLUMN_private_dirty },
	{ "Referenced", MEMCLASS_COLUMN_referenced },
	{ "Anonymous", MEMCLASS_COLUMN_anon },
	{ "KSM", MEMCLASS_COLUMN_ksm },
	{ "LazyFree", MEMCLASS_COLUMN_lazyfree },
	{ "AnonHugePages", MEMCLASS_COLUMN_thp_anon },
	{ "ShmemPmdMapped", MEMCLASS_COLUMN_thp_shmem },
	{ "FilePmdMapped", MEMCLASS_COLUMN_thp_file },
	{ "Shared_Hugetlb", MEMCLASS_COLUMN_hugetlb_shared },
	{ "Private_Hugetlb", MEMCLASS_COLUMN_hugetlb_private },
	{ "Swap", MEMCLASS_COLUMN_swap },
	{ "Locked", MEMCLASS_COLUMN_locked },
};

static void parse_flags(const char *at, struct proc_flags *flags)
{
	static const char *const device[] = { "io", "pf", "mm" };
	size_t i;

	for (at += strspn(at, " "); at[0] && at[1]; at += 2 + strspn(at + 2, " ")) {
		flags->hugetlb |= !strncmp(at, "ht", 2);
		for (i = 0; i < sizeof(device) / sizeof(device[0]); i++)
			flags->device |= !strncmp(at, device[i], 2);
	}
}

/* Any line of a mapping but its first. */
void proc_parse_field(const char *line, struct counts *counts, struct proc_flags *flags)
{
	size_t length = strcspn(line, ":"), i;

	if (!line[length])
		return;
	if (!strncmp(line, "VmFlags:", length + 1)) {
		parse_flags(line + length + 1, flags);
		return;
	}
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strncmp(line, fields[i].name, length) || fields[i].name[length])
			continue;
		counts->values[fields[i].column] = strtoull(line + length + 1, NULL, 10) * 1024;
		counts->filled |= 1ULL << fields[i].column;
	}
}

static bool is_octal(const char *digits)
{
	return digits[0] >= '0' && digits[0] <= '3' && digits[1] >= '0' && digits[1] <= '7' &&
	       digits[2] >= '0' && digits[2] <= '7';
}

/* \ooo becomes the byte that it stands for, in place. */
void proc_unescape(char *name)
{
	char *to = name;

	while (*name) {
		if (*name == '\\' && is_octal(name + 1)) {
			*to++ = (name[1] - '0') << 6 | (name[2] - '0') << 3 | (name[3] - '0');
			name += 4;
		} else {
			*to++ = *name++;
		}
	}
	*to = '\0';
}
