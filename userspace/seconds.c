// SPDX-License-Identifier: GPL-2.0
#include "seconds.h"

#include <ctype.h>
#include <stdlib.h>

#include "say.h"

#define SECOND_NS	1e9

/* Whoever wants more wants it for ever. */
#define SECONDS_MAX	(366 * 86400.0)

/* No sign, no hexadecimal digits, no infinity, all of which strtod() takes. */
bool seconds_parse(const char *text, double least, long long *ns)
{
	double seconds;
	char *end;

	if (!isdigit((unsigned char)*text) || text[1] == 'x' || text[1] == 'X')
		return false;
	seconds = strtod(text, &end);
	if (*end || !(seconds >= least && seconds <= SECONDS_MAX))
		return false;
	*ns = seconds * SECOND_NS;
	return true;
}

bool seconds_option(const char *command, const char *what, const char *text, double least,
		    long long *ns)
{
	if (!text || seconds_parse(text, least, ns))
		return true;
	say_usage(command, "'%s' is no %s: seconds, %g or more", text, what, least);
	return false;
}
