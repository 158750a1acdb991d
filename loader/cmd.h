// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The subcommands of `weir`. argv[0] is the subcommand; the result is the exit status.

int cmd_run(int argc, char **argv);
