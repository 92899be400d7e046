// SPDX-License-Identifier: GPL-2.0
#include "folder.h"

#include <dirent.h>
#include <stddef.h>
#include <unistd.h>

int files_in(const char *folder)
{
	const struct dirent *entry;
	DIR *dir = opendir(folder);
	int count = 0;

	while (dir && (entry = readdir(dir)))
		count += *entry->d_name != '.';
	if (dir)
		closedir(dir);
	return count;
}

void remove_folder(const char *folder)
{
	const struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(folder);
}
