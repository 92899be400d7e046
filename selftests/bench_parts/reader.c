// SPDX-License-Identifier: GPL-2.0
#include "reader.h"

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench_row.h"

/* Not in the bss: this program is also what it makes small processes of. */
struct memclass_record *records;
char *text;

void buffers_make(void)
{
	records = malloc(BATCH * sizeof(*records));
	text = malloc(TEXT_SIZE);
	if (!records || !text)
		err(1, "malloc");
	memset(records, 1, BATCH * sizeof(*records));
	memset(text, 1, TEXT_SIZE);
}

uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void row(const char *name, double value, const char *unit, const char *peer,
	 double peer_value, double bar)
{
	bench_row(name, value, unit, peer, peer ? value / peer_value : 0, bar);
}

int open_or_die(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static uint64_t read_record(pid_t pid, uint64_t flags)
{
	static int fd = -1;

	if (fd < 0)
		fd = open_or_die(MODULE_DIR "records");
	if (pread(fd, records, sizeof(records[0]),
		  (uint64_t)pid * sizeof(records[0]) | flags) != sizeof(records[0]) ||
	    records[0].pid != (uint32_t)pid)
		err(1, "record of %d", pid);
	return records[0].total.rss;
}

uint64_t read_full(pid_t pid)
{
	return read_record(pid, 0);
}

uint64_t read_cheap(pid_t pid)
{
	return read_record(pid, MEMCLASS_OFFSET_CHEAP);
}

/* Every value of every line is taken, as a program that wants them would. */
static uint64_t parse_smaps(const char *s)
{
	uint64_t rss = 0, sum = 0;

	while (*s) {
		const char *line = s;

		s = strchr(s, '\n');
		if (!s)
			break;
		s++;
		/* A field begins with a capital, a mapping with its address. */
		if (*line < 'A' || *line > 'Z')
			continue;
		line = strchr(line, ':');
		if (!line)
			continue;
		if (!strncmp(line - 3, "Rss", 3))
			rss += strtoull(line + 1, NULL, 10);
		else
			sum += strtoull(line + 1, NULL, 10);
	}
	/* Keeps the compiler from leaving the others out. */
	asm volatile("" : : "r"(sum));
	return rss << 10;
}

/* Closes the file. */
static uint64_t read_smaps_of(int fd)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, TEXT_SIZE - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
	return parse_smaps(text);
}

static uint64_t read_proc(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return read_smaps_of(open_or_die(path));
}

uint64_t read_rollup(pid_t pid)
{
	return read_proc(pid, "smaps_rollup");
}

uint64_t read_smaps(pid_t pid)
{
	return read_proc(pid, "smaps");
}

/* Return: -1 when there is none: kernel threads have no memory, and who has just ended. */
static int open_of(const struct dirent *process, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.16s/%s", process->d_name, name);
	return open(path, O_RDONLY);
}

/* Its name and since when it runs: what any exporter has to know of a process. */
static void read_who(const struct dirent *process)
{
	int fd = open_of(process, "stat");
	unsigned long long value;
	ssize_t size;
	char *at;

	if (fd < 0)
		return;
	size = read(fd, text, TEXT_SIZE - 1);
	close(fd);
	text[size < 0 ? 0 : size] = '\0';
	at = strrchr(text, ')');
	/* The first one after it is a letter. */
	for (at = at ? strchr(at + 2, ' ') : NULL; at && *at == ' ';) {
		value = strtoull(at, &at, 10);
		asm volatile("" : : "r"(value));
	}
}

size_t read_each_rollup(bool who)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	size_t nr = 0;
	int fd;

	if (!proc)
		err(1, "/proc");
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		if (who)
			read_who(entry);
		fd = open_of(entry, "smaps_rollup");
		if (fd >= 0)
			nr += read_smaps_of(fd) > 0;
	}
	closedir(proc);
	return nr;
}

double cost_of(uint64_t (*read_it)(pid_t), pid_t pid, uint64_t rss)
{
	uint64_t best = UINT64_MAX, began, got;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		began = now();
		got = read_it(pid);
		began = now() - began;
		if (got != rss)
			errx(1, "resident bytes of %d: %llu, not %llu", pid,
			     (unsigned long long)got, (unsigned long long)rss);
		if (began < best)
			best = began;
	}
	return best;
}
