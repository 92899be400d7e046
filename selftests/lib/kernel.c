// SPDX-License-Identifier: GPL-2.0
#include "kernel.h"

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
