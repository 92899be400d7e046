/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes in memory that are put one after the other, and then got in the same order. */
struct bytes {
	unsigned char *data;		/* the caller frees it */
	size_t size;
	size_t room;
	size_t at;			/* the next to be got */
};

/* Return: false when there is no memory. */
bool bytes_put(struct bytes *bytes, const void *from, size_t size);

/* Return: false when there are fewer. */
bool bytes_get(struct bytes *bytes, void *to, size_t size);

#endif /* BYTES_H */
