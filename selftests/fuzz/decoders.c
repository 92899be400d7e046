// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: whatever the module's or /proc's files hold, decoding it touches no memory but
 * its own. The first byte says which decoder the rest goes to.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fault_text.h"
#include "proc_text.h"
#include "records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not a byte more than there is, so that the sanitizer sees who reads on. */
static void *copy_of(const uint8_t *data, size_t size, size_t more)
{
	char *copy = calloc(1, size + more);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	return copy;
}

static void try_process(const uint8_t *data, size_t size)
{
	unsigned char *record = copy_of(data, size, !size);
	struct process process = { 0 };

	if (!record_check(record, size, size, RECORD_HEAD_MIN)) {
		record_decode_process(record, &process);
		process_free(&process);
	}
	free(record);
}

static void try_vma(const uint8_t *data, size_t size)
{
	unsigned char *record = copy_of(data, size, !size);
	struct vma vma;

	if (!record_check(record, size, size, VMA_HEAD_MIN))
		record_decode_vma(record, &vma);
	free(record);
}

static void try_faults(const uint8_t *data, size_t size)
{
	char *text = copy_of(data, size, 1);
	struct all_faults faults;

	fault_text_parse(text, &faults);
	all_faults_free(&faults);
	free(text);
}

static void try_names(const uint8_t *data, size_t size)
{
	char *text = copy_of(data, size, 1);
	unsigned int class;

	names_learn(NAMES_CLASSES, text);
	names_learn(NAMES_COLUMNS, text);
	class_find(text, &class);
	free(text);
}

static void try_proc(const uint8_t *data, size_t size)
{
	char *text = copy_of(data, size, 1);
	struct proc_mapping mapping;
	struct proc_status status;
	struct proc_flags flags = { 0 };
	struct counts counts = { 0 };
	struct proc_stat stat;

	proc_parse_stat(text, &stat);
	proc_parse_status(text, &status);
	if (!proc_parse_mapping(text, &mapping))
		proc_parse_field(text, &counts, &flags);
	proc_unescape(text);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const decoders[])(const uint8_t *data, size_t size) = {
		try_process, try_vma, try_faults, try_names, try_proc
	};
	const size_t count = sizeof(decoders) / sizeof(decoders[0]);

	if (size)
		decoders[data[0] % count](data + 1, size - 1);
	return 0;
}
