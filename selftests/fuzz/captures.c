// SPDX-License-Identifier: GPL-2.0
/*
 * Claim: whatever a file holds that calls itself a capture, reading it ends, and touches
 * no memory but its own.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture.h"
#include "timeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *path_of_input(void)
{
	static char path[64];

	if (!*path)
		snprintf(path, sizeof(path), "/dev/shm/memclass-fuzz-%d", getpid());
	return path;
}

static void remove_input(void)
{
	unlink(path_of_input());
}

static void write_input(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0) {
		fd = open(path_of_input(), O_RDWR | O_CREAT | O_TRUNC, 0600);
		atexit(remove_input);
	}
	if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
}

static void read_all(struct source *capture)
{
	struct all_faults faults;
	struct process process;
	struct timeline *timeline;
	struct vma vma;
	enum source_result result;

	for (result = source_first_process(capture, &process); result == SOURCE_GOT;
	     result = source_next_process(capture, &process))
		process_free(&process);
	for (result = source_first_vma(capture, 0, &vma); result == SOURCE_GOT;
	     result = source_next_vma(capture, &vma))
		;
	if (!source_faults(capture, &faults))
		all_faults_free(&faults);
	if (!timeline_read(&timeline, capture))
		timeline_free(timeline);
	capture_fact(capture, FACT_HOST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source *capture;

	write_input(data, size);
	if (!source_open_capture(&capture, path_of_input())) {
		read_all(capture);
		source_close(capture);
	}
	return 0;
}
