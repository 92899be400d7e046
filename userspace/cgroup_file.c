// SPDX-License-Identifier: GPL-2.0
/* Memory cgroups as files: of v2, or of v1's memory controller. */
#include "cgroup_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What v1 says where there is no limit: as many pages as a long can count. */
#define V1_UNLIMITED	(INT64_MAX / 4096 * 4096)

/* Is @word one of the words in @list, which has commas between them? */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word), part;

	for (; *list; list += part + (list[part] == ',')) {
		part = strcspn(list, ",");
		if (part == length && !strncmp(list, word, length))
			return true;
	}
	return false;
}

/* Blanks and the like stand there as \ooo. */
static void unescape(char *text)
{
	char *to = text;
	unsigned int byte;

	while (*text) {
		if (sscanf(text, "\\%3o", &byte) == 1 && strlen(text) >= 4) {
			*to++ = byte;
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/*
 * A line of mountinfo: "ID PARENT MAJ:MIN ROOT MOUNTPOINT OPTIONS ... - TYPE SOURCE OPTIONS".
 *
 * Return: its mount point and root, in @line, if it is the mount that is asked for.
 */
static char *parse_mount(char *line, bool v2, char **root)
{
	char *rest = strstr(line, " - "), *type, *options, *point, *next;
	int i;

	if (!rest)
		return NULL;
	*rest = '\0';
	type = strtok_r(rest + 3, " ", &next);
	strtok_r(NULL, " ", &next);
	options = strtok_r(NULL, " \n", &next);
	if (!type || !options || strcmp(type, v2 ? "cgroup2" : "cgroup") ||
	    (!v2 && !has_word(options, "memory")))
		return NULL;
	strtok_r(line, " ", &next);
	for (i = 0; i < 2; i++)
		strtok_r(NULL, " ", &next);
	*root = strtok_r(NULL, " ", &next);
	point = strtok_r(NULL, " ", &next);
	if (!point)
		return NULL;
	unescape(*root);
	unescape(point);
	return point;
}

/* Only a part of the hierarchy may be mounted. Return: @path from there on, or NULL. */
static const char *below(const char *root, const char *path)
{
	size_t length = strcmp(root, "/") ? strlen(root) : 0;

	if (strncmp(path, root, length) || (path[length] && path[length] != '/'))
		return NULL;
	path += length;
	/* What a namespace hides. */
	if (!strncmp(path, "/..", 3))
		return NULL;
	return strcmp(path, "/") ? path : "";
}

static bool find_place(struct cgroup_place *place, bool v2, const char *path)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *root, *point;
	const char *rest = NULL;
	size_t size = 0;

	while (file && !rest && getline(&line, &size, file) > 0) {
		point = parse_mount(line, v2, &root);
		rest = point ? below(root, path) : NULL;
	}
	if (rest) {
		place->mount = strdup(point);
		place->path = strdup(rest);
	}
	free(line);
	if (file)
		fclose(file);
	if (rest && place->mount && place->path)
		return true;
	if (rest)
		cgroup_place_free(place);
	return false;
}

/* A line of /proc/PID/cgroup: "ID:CONTROLLERS:PATH", without controllers for v2. */
static const char *parse_cgroup(char *line, bool v2)
{
	char *controllers = strchr(line, ':'), *path;

	path = controllers ? strchr(++controllers, ':') : NULL;
	if (!path)
		return NULL;
	*path++ = '\0';
	path[strcspn(path, "\n")] = '\0';
	if (v2 ? *controllers : !has_word(controllers, "memory"))
		return NULL;
	return path;
}

static bool find_place_of(struct cgroup_place *place, bool v2, pid_t pid)
{
	char name[64], *line = NULL;
	const char *path = NULL;
	size_t size = 0;
	bool found;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", pid);
	file = fopen(name, "re");
	while (file && !path && getline(&line, &size, file) > 0)
		path = parse_cgroup(line, v2);
	found = path && find_place(place, v2, path);
	free(line);
	if (file)
		fclose(file);
	return found;
}

/* Where v1 has the memory controller, v2 has none. */
bool cgroup_place_of_process(struct cgroup_place *place, pid_t pid)
{
	return find_place_of(place, false, pid) || find_place_of(place, true, pid);
}

static bool is_there(const struct cgroup_place *place)
{
	char *directory;
	bool there;

	if (asprintf(&directory, "%s%s", place->mount, place->path) < 0)
		return false;
	there = !access(directory, F_OK);
	free(directory);
	return there;
}

bool cgroup_place_of_path(struct cgroup_place *place, const char *path)
{
	int v2;

	for (v2 = 1; v2 >= 0; v2--) {
		if (!find_place(place, v2, path))
			continue;
		if (is_there(place))
			return true;
		cgroup_place_free(place);
	}
	return false;
}

void cgroup_place_free(struct cgroup_place *place)
{
	free(place->mount);
	free(place->path);
}

bool cgroup_file_number(const struct cgroup_place *place, const char *cgroup,
			const char *name, uint64_t *number)
{
	bool found;
	FILE *file;
	char *path;

	if (asprintf(&path, "%s%s/%s", place->mount, cgroup, name) < 0)
		return false;
	file = fopen(path, "re");
	free(path);
	if (!file)
		return false;
	found = fscanf(file, "%" SCNu64, number) == 1 && *number < V1_UNLIMITED;
	fclose(file);
	return found;
}
