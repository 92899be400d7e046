// SPDX-License-Identifier: GPL-2.0
/* Cgroups as files: of v2, or of v1's controllers. */
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
 * Return: its mount point and root, in @line, if it is the mount of @controller, or that of
 * v2 when it is NULL.
 */
static char *parse_mount(char *line, const char *controller, char **root)
{
	char *rest = strstr(line, " - "), *type, *options, *point, *next;
	int i;

	if (!rest)
		return NULL;
	*rest = '\0';
	type = strtok_r(rest + 3, " ", &next);
	strtok_r(NULL, " ", &next);
	options = strtok_r(NULL, " \n", &next);
	if (!type || !options || strcmp(type, controller ? "cgroup" : "cgroup2") ||
	    (controller && !has_word(options, controller)))
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

static bool find_place(struct cgroup_place *place, const char *controller, const char *path)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *root, *point;
	const char *rest = NULL;
	size_t size = 0;

	while (file && !rest && getline(&line, &size, file) > 0) {
		point = parse_mount(line, controller, &root);
		rest = point ? below(root, path) : NULL;
	}
	if (rest) {
		place->v2 = !controller;
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
static const char *parse_cgroup(char *line, const char *controller)
{
	char *controllers = strchr(line, ':'), *path;

	path = controllers ? strchr(++controllers, ':') : NULL;
	if (!path)
		return NULL;
	*path++ = '\0';
	path[strcspn(path, "\n")] = '\0';
	if (controller ? !has_word(controllers, controller) : *controllers)
		return NULL;
	return path;
}

static char *path_of(const char *controller, pid_t pid)
{
	char name[64], *line = NULL, *copy;
	const char *path = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", pid);
	file = fopen(name, "re");
	while (file && !path && getline(&line, &size, file) > 0)
		path = parse_cgroup(line, controller);
	copy = path ? strdup(path) : NULL;
	free(line);
	if (file)
		fclose(file);
	return copy;
}

static bool find_place_of(struct cgroup_place *place, const char *controller, pid_t pid)
{
	char *path = path_of(controller, pid);
	bool found = path && find_place(place, controller, path);

	free(path);
	return found;
}

char *cgroup_path(pid_t pid)
{
	return path_of("memory", pid) ?: path_of(NULL, pid);
}

/* Where v1 has the controller, v2 has it not. */
bool cgroup_place_of_process(struct cgroup_place *place, pid_t pid, const char *controller)
{
	return find_place_of(place, controller, pid) || find_place_of(place, NULL, pid);
}

/* A mount, with a file that there is only in that one. */
static const struct {
	const char *path;
	const char *file;
} usual_mounts[] = {
	{ "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/memory.limit_in_bytes" },
	{ "/sys/fs/cgroup", "/sys/fs/cgroup" },
};

const char *cgroup_without_mount(const char *path)
{
	size_t i, length;

	for (i = 0; i < sizeof(usual_mounts) / sizeof(usual_mounts[0]); i++) {
		length = strlen(usual_mounts[i].path);
		if (!strncmp(path, usual_mounts[i].path, length) &&
		    (!path[length] || path[length] == '/') && !access(usual_mounts[i].file, F_OK))
			return path + length;
	}
	return path;
}

bool cgroup_is_below(const char *path, const char *group)
{
	size_t length;

	group = cgroup_without_mount(group);
	length = strlen(group);
	while (length && group[length - 1] == '/')
		length--;
	path += length && *group != '/' && *path == '/';
	return !strncmp(path, group, length) && (!path[length] || path[length] == '/');
}

bool cgroup_has_process(const char *group, pid_t pid)
{
	char name[64], *line = NULL, *path;
	size_t size = 0;
	bool has = false;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", pid);
	file = fopen(name, "re");
	while (file && !has && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		path = strchr(line, ':');
		path = path ? strchr(path + 1, ':') : NULL;
		has = path && cgroup_is_below(path + 1, group);
	}
	free(line);
	if (file)
		fclose(file);
	return has;
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
	static const char *const controllers[] = { NULL, "memory" };
	size_t i;

	for (i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		if (!find_place(place, controllers[i], path))
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
