// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Traffic classes, as TrafficClass gives them (abi/steer.h): packets that get RX rings of their
// own, so that a flood of others does not push them out.

#include <weir/args.h>

// For the configure of an element: a class that all of the router's interfaces sort by. `control`
// takes the place of the built-in class of that name. 0, -ENOMEM, or what weir_args_error says.
int weir_traffic_class(struct weir_args *a, const char *name, const char *patterns);
