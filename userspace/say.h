/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SAY_H
#define SAY_H

/*
 * Messages go to standard error, one line each, and come out escaped: whatever is
 * put into one, the terminal is safe.
 */
__attribute__((format(printf, 1, 2))) void say_error(const char *format, ...);
__attribute__((format(printf, 2, 3))) void say_usage(const char *command,
						     const char *format, ...);

/* While the screen is someone's own: messages go to him, escaped. NULL: as before. */
void say_to(void (*taker)(const char *message));

#endif /* SAY_H */
