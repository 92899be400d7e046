// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to read processes, against /proc doing the same in the same guest.
 * To be run with a clock that counts instructions (vm/run --icount): a nanosecond is
 * then an instruction, of kernel and program together. Prints a JSON row a line.
 *
 * bench_walk [--mib N] [--file FILE] [--processes N [--program FILE]] [--mappings N]
 *            [--memory] [--tools N] [--export N]
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench_parts/parts.h"
#include "bench_parts/reader.h"
#include "bench_parts/target.h"

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "processes", required_argument, NULL, 'p' },
		{ "mib", required_argument, NULL, 'm' },
		{ "mappings", required_argument, NULL, 'v' },
		{ "file", required_argument, NULL, 'f' },
		{ "program", required_argument, NULL, 'g' },
		{ "memory", no_argument, NULL, 'k' },
		{ "tools", required_argument, NULL, 't' },
		{ "export", required_argument, NULL, 'e' },
		{ "sleep", required_argument, NULL, 's' },
		{}
	};
	size_t mib = 0, processes = 0, mappings = 0, tools = 0, exported = 0;
	struct rlimit files = { 4096, 4096 };
	const char *file = NULL, *program = NULL;
	bool memory = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			processes = strtoul(optarg, NULL, 10);
			break;
		case 'm':
			mib = strtoul(optarg, NULL, 10);
			break;
		case 'v':
			mappings = strtoul(optarg, NULL, 10);
			break;
		case 'f':
			file = optarg;
			break;
		case 'g':
			program = optarg;
			break;
		case 'k':
			memory = true;
			break;
		case 't':
			tools = strtoul(optarg, NULL, 10);
			break;
		case 'e':
			exported = strtoul(optarg, NULL, 10);
			break;
		case 's':
			sleep_ready(atoi(optarg));
			break;
		default:
			return 2;
		}
	}
	setrlimit(RLIMIT_NOFILE, &files);
	buffers_make();
	if (mib)
		bench_regions(mib << 20, file);
	if (processes && program)
		bench_program(program, processes);
	else if (processes)
		bench_system(processes);
	if (mappings)
		bench_mappings(mappings);
	if (memory)
		bench_memory();
	if (tools)
		bench_tools(program, tools);
	if (exported)
		bench_export(program, exported);
	return 0;
}
