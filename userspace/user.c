// SPDX-License-Identifier: GPL-2.0
#include "user.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *find_name(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);
	char number[16];

	snprintf(number, sizeof(number), "%u", uid);
	return strdup(user ? user->pw_name : number);
}

/*
 * Asking for a user can take long, or fail, when users come over the network: each is
 * asked for once.
 */
static const char *name_here(uid_t uid)
{
	static struct user {
		uid_t uid;
		char *name;
	} *users;
	static size_t nr_users;
	struct user *more;
	size_t i;

	for (i = 0; i < nr_users; i++)
		if (users[i].uid == uid)
			return users[i].name;
	more = realloc(users, (nr_users + 1) * sizeof(*users));
	if (!more)
		return NULL;
	users = more;
	users[nr_users].uid = uid;
	users[nr_users].name = find_name(uid);
	return users[nr_users++].name;
}

const char *user_name(const struct process *process)
{
	if (*process->user)
		return process->user;
	return name_here(process->uid) ?: "-";
}
