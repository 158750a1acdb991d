// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <weir/err.h>

// Names the capabilities that are needed and missing, if any are. 0 or -EPERM.
int xsk_check_permission(struct weir_err *err);

// "nic0: cannot STEP: reason", with what to do where it is known. Returns e (-errno).
int xsk_why(struct weir_err *err, const char *ifname, const char *step, int e);
