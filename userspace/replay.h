/* SPDX-License-Identifier: GPL-2.0 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"
#include "subject.h"

/*
 * Judging a capture: as many of its samples as growth has a use for, evenly over all.
 * The first and the last are among them.
 */
size_t replay_samples(const struct source *capture);

/* Chooses number @i of them. Return: when it was taken, since boot. */
uint64_t replay_choose(struct source *capture, size_t i);

/* Watches the machine as well, where the capture has all that was in it. */
bool replay_add_machine(struct subjects *subjects, struct source *capture);

#endif /* REPLAY_H */
