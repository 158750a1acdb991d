// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The subcommands of `weir`. argv[0] is the subcommand; the result is the exit status.

int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_click(int argc, char **argv);
int cmd_graph(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_load(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_read(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_unload(int argc, char **argv);
int cmd_write(int argc, char **argv);

// Prints a handler of a running router. The exit status.
int cmd_print_handler(const char *name, const char *handler, const char *param);

struct session_options;
struct session_front;
// The value of --gone. 0, or -EINVAL after a message.
int cmd_gone(const char *text, struct session_front *front);
// "FILE [NAME=VALUE...]", common to several. 0 or -errno; afterwards cmd_file_free.
int cmd_file(struct session_options *opt, int argc, char **argv);
void cmd_file_free(struct session_options *opt);
// The options of commands that only take -L. Index of the first argument; 0 (there is nothing more
// to do) or -errno after a message.
int cmd_folders(const char *const **folders, int argc, char **argv, const char *usage);
// Loads the elements in folders, with messages. 0 or -errno.
int cmd_load_folders(const char *const *folders);
// Options that say where elements run, or where they come from. cmd_place: 0, -ENOMEM, or -EINVAL
// if it is none of these; what it took is freed by cmd_file_free.
enum { CMD_DRIVER = 512, CMD_USERSPACE, CMD_CPUS, CMD_BALANCE };
#define CMD_PLACE_OPTIONS                                              \
	{"driver", required_argument, NULL, CMD_DRIVER},               \
		{"userspace", required_argument, NULL, CMD_USERSPACE}, \
	{                                                              \
		"elements", required_argument, NULL, 'L'               \
	}
int cmd_place(struct session_options *opt, int c, const char *value);
// How many workers there are, and where. cmd_workers: 0, or -EINVAL after a message.
#define CMD_WORKER_OPTIONS                                                                      \
	{"workers", required_argument, NULL, 'j'}, {"balance", no_argument, NULL, CMD_BALANCE}, \
	{                                                                                       \
		"cpus", required_argument, NULL, CMD_CPUS                                       \
	}
int cmd_workers(struct session_options *opt, int c, const char *value);
// Their number where none was given.
void cmd_workers_default(struct session_options *opt);
// Adds a word to a list that is ended by NULL; *list NULL is an empty one. 0 or -ENOMEM.
int cmd_list_add(const char *const **list, const char *word);
