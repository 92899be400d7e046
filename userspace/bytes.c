// SPDX-License-Identifier: GPL-2.0
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_AT_FIRST	65536

static bool make_room(struct bytes *bytes, size_t size)
{
	size_t room = bytes->room ?: ROOM_AT_FIRST;
	unsigned char *more;

	while (room - bytes->size < size)
		room *= 2;
	more = realloc(bytes->data, room);
	if (!more)
		return false;
	bytes->data = more;
	bytes->room = room;
	return true;
}

bool bytes_put(struct bytes *bytes, const void *from, size_t size)
{
	if (bytes->room - bytes->size < size && !make_room(bytes, size))
		return false;
	memcpy(bytes->data + bytes->size, from, size);
	bytes->size += size;
	return true;
}

bool bytes_get(struct bytes *bytes, void *to, size_t size)
{
	if (bytes->size - bytes->at < size)
		return false;
	memcpy(to, bytes->data + bytes->at, size);
	bytes->at += size;
	return true;
}
