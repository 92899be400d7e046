/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FAULT_TEXT_H
#define FAULT_TEXT_H

#include <stdbool.h>

#include "source.h"

bool fault_text_parse(char *text, struct all_faults *faults);

#endif /* FAULT_TEXT_H */
