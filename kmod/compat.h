/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that differs between kernels, and nothing else does. compat/probes
 * finds out what this kernel has; below are the calls that the module makes
 * instead of the kernel's, by noun. A wrapper is named after what its caller
 * wants, its comment says which release changed what and what follows from it.
 *
 * Where a later kernel only renamed a thing, the later name is used throughout
 * and given to older kernels here.
 */
#ifndef MC_COMPAT_H
#define MC_COMPAT_H

#include "compat/config.h"

#include "compat/vma.h"
#include "compat/page.h"
#include "compat/pgtable.h"
#include "compat/inode.h"
#include "compat/memcg.h"
#include "compat/task.h"
#include "compat/fault.h"

#endif /* MC_COMPAT_H */
