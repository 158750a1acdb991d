// SPDX-License-Identifier: BSD-2-Clause

// `weir graph`: a configuration as a picture, in the language of Graphviz. Pull connections are
// dashed; ports that have a name, or are not the only ones, are written at their ends.

#include <cmd.h>
#include <draw.h>
#include <session.h>
#include <stdio.h>

static const char usage[] = "usage: weir graph FILE [NAME=VALUE...]\n"
			    "Prints a configuration as a graph for dot(1).\n";

int cmd_graph(int argc, char **argv)
{
	struct session_options opt = {};
	struct session s = {};
	struct weir_buf out = {};
	struct weir_err err = {};
	int rc = cmd_file(&opt, argc, argv);

	if (rc < 0) {
		fputs(usage, stderr);
		return 2;
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
