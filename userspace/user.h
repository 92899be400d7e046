/* SPDX-License-Identifier: GPL-2.0 */
#ifndef USER_H
#define USER_H

#include "source.h"

/* The name of the process's user, or the number where that has none. */
const char *user_name(const struct process *process);

#endif /* USER_H */
