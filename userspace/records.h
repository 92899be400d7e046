/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RECORDS_H
#define RECORDS_H

#include <stddef.h>

#include "memclass.h"
#include "source.h"

/* What the records of both files begin with. */
struct record_head {
	__u32 size;
	__u32 abi;
	__u32 counts_offset;
	__u32 counts_size;
};

/* The fields that all ABI 1 modules fill in end here. */
#define RECORD_HEAD_MIN \
	(offsetof(struct memclass_record, comm) + \
	 sizeof(((struct memclass_record *)0)->comm))
#define VMA_HEAD_MIN \
	(offsetof(struct memclass_vma, name) + sizeof(((struct memclass_vma *)0)->name))

/* Return: NULL, or what is wrong. */
const char *record_check(const unsigned char *record, size_t left, size_t size,
			 size_t head_min);
const char *record_decode_process(const unsigned char *record, struct process *process);
void record_decode_vma(const unsigned char *record, struct vma *vma);

#endif /* RECORDS_H */
