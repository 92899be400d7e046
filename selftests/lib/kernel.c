// SPDX-License-Identifier: GPL-2.0
#include "kernel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

bool kernel_at_least(unsigned int major, unsigned int minor)
{
	unsigned int has_major = 0, has_minor = 0;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%u.%u", &has_major, &has_minor);
	return has_major > major || (has_major == major && has_minor >= minor);
}

bool kernel_checks_itself(void)
{
	struct utsname name;

	uname(&name);
	return strstr(name.release, "-memclass-");
}

uint64_t meminfo(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128], found[64], unit[4];
	uint64_t value = 0;
	int words;

	while (file && fgets(line, sizeof(line), file)) {
		words = sscanf(line, "%63[^:]: %" SCNu64 " %3s", found, &value, unit);
		if (words >= 2 && !strcmp(found, name)) {
			fclose(file);
			return words == 3 ? value << 10 : value;
		}
	}
	if (file)
		fclose(file);
	return 0;
}
