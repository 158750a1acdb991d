// SPDX-License-Identifier: BSD-2-Clause

// `weir graph`: a configuration as a picture, in the language of Graphviz. Pull connections are
// dashed; ports that have a name, or are not the only ones, are written at their ends.

#include <cmd.h>
#include <draw.h>
#include <session.h>
#include <stdio.h>

static const char usage[] = "usage: weir graph [-L DIR] FILE [NAME=VALUE...]\n"
			    "Prints a configuration as a graph for dot(1).\n"
			    "\n"
			    "  -L, --elements DIR  take the elements in DIR too\n";

int cmd_graph(int argc, char **argv)
{
	struct session_options opt = {};
	struct session s = {};
	struct weir_buf out = {};
	struct weir_err err = {};
	int i = cmd_folders(&opt.folders, argc, argv, usage);
	int rc = i > 0 ? cmd_file(&opt, argc - i + 1, argv + i - 1) : i;

	if (i <= 0 || rc < 0) {
		if (i > 0)
			fputs(usage, stderr);
		cmd_file_free(&opt);
		return i ? 2 : 0;
	}
	rc = session_check(&s, &opt, &err);
	if (err.text)
		fputs(err.text, stderr);
	if (!rc) {
		weir_draw(s.router, NULL, &out);
		rc = out.failed;
		if (!rc)
			fwrite(out.text, 1, out.len, stdout);
	}
	weir_buf_free(&out);
	session_close(&s);
	weir_err_free(&err);
	cmd_file_free(&opt);
	return rc ? 1 : 0;
}
