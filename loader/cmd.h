// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The subcommands of `weir`. argv[0] is the subcommand; the result is the exit status.

int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_click(int argc, char **argv);
int cmd_graph(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_read(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_write(int argc, char **argv);

struct session_options;
// "FILE [NAME=VALUE...]", common to several. 0 or -errno; afterwards cmd_file_free.
int cmd_file(struct session_options *opt, int argc, char **argv);
void cmd_file_free(struct session_options *opt);
// Adds a word to a list that is ended by NULL; *list NULL is an empty one. 0 or -ENOMEM.
int cmd_list_add(const char *const **list, const char *word);
