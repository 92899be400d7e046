/* SPDX-License-Identifier: GPL-2.0 */
/* A folder that the client writes to, and what it leaves there. */
#ifndef SELFTESTS_CLIENT_FOLDER_H
#define SELFTESTS_CLIENT_FOLDER_H

/* How many files there are, without those whose names begin with a dot. */
int files_in(const char *folder);

/* All of them, but no folders; and itself, when it is empty then. */
void remove_folder(const char *folder);

#endif /* SELFTESTS_CLIENT_FOLDER_H */
