// SPDX-License-Identifier: BSD-2-Clause
// The protocol of control sockets, in whatever pieces its bytes arrive.

#include "protocol.h"

#include "handlers.h"
#include "session.h"

#include <criterion/criterion.h>

static const char config[] = "Idle -> c :: Counter -> Discard;\n"
			     "s :: Script(TYPE PROXY, return $args);\n";

static void open_router(struct session *s)
{
	const struct session_options opt = {.text = config, .engine = {.n_workers = 1}};
	struct weir_err err = {};

	cr_assert_eq(session_check(s, &opt, &err), 0, "%s", err.text);
	cr_assert_eq(session_open(s, &opt, &err), 0, "%s", err.text);
}

// Feeds the text in pieces of so many bytes; the answers.
static struct weir_buf talk(struct session *s, const char *text, size_t len, size_t piece)
{
	struct protocol p = {.router = s->router};

	for (size_t at = 0; at < len; at += piece) {
		weir_append(&p.in, text + at, len - at < piece ? len - at : piece);
		protocol_run(&p);
	}
	p.eof = true;
	protocol_run(&p);
	cr_assert(p.ended || !p.in.len, "left over: %s", p.in.text);
	weir_buf_free(&p.in);
	weir_append(&p.out, "", 0);
	return p.out;
}

static void expect(struct session *s, const char *text, size_t len, const char *want)
{
	for (size_t piece = 1; piece <= len + 1; piece += piece < 4 ? 1 : len) {
		struct weir_buf got = talk(s, text, len, piece);

		cr_expect_str_eq(got.text, want, "`%s' by %zu: got\n%swant\n%s", text, piece,
				 got.text, want);
		weir_buf_free(&got);
	}
}

Test(protocol, answers)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"READ c.count\r\n", "200 Read handler 'c.count' OK\r\nDATA 1\r\n0"},
		{"get c.count", "200 Read handler 'c.count' OK\r\nDATA 1\r\n0"},
		{"\r\n\r\n \nREAD c.count\r", "200 Read handler 'c.count' OK\r\nDATA 1\r\n0"},
		{"READ s.x  a  b \r\n", "200 Read handler 's.x' OK\r\nDATA 4\r\na  b"},
		{"READDATA s.x 5\r\na\r\nb\r\n", "200 Read handler 's.x' OK\r\nDATA 5\r\na\r\nb\r"},
		{"WRITEDATA c.reset 0\r\n", "200 Write handler 'c.reset' OK\r\n"},
		{"WRITEDATA c.reset 4294967296\r\n", "500 Syntax error in 'WRITEDATA'\r\n"},
		{"WRITEDATA c.reset 99999999\r\nREAD c.count\r\n",
		 "521 Data too large for handler 'c.reset'\r\n"},
		{"WRITEDATA c.reset 10\r\nabc", "500 Not enough data\r\n"},
		{"WRITEUNTIL c.reset  end of it \r\nx\r\n end of it\r\nQUIT\r\nREAD c.count\r\n",
		 "200 Write handler 'c.reset' OK\r\n200 Goodbye!\r\n"},
		{"READUNTIL s.x\na\nb\n\nHELPME\n",
		 "200 Read handler 's.x' OK\r\nDATA 4\r\na\nb\n501 Command 'HELPME' "
		 "unimplemented\r\n"},
		{"WRITEUNTIL c.reset end\r\nx\r\n", "500 Connection closed\r\n"},
		{"READ c.c\001\002\r\n", "511 No handler named 'c.c..'\r\n"},
		{"READ .list x\n", "590-Read handler '.list' error:\r\n"
				   "590 read handler `.list' does not take parameters\r\n"},
		{"CHECKREAD\n", "500 Wrong number of arguments\r\n"},
		{"CHECKREAD c.reset\n", "511 Handler 'c.reset' not readable\r\n"},
		{"CHECKWRITE 9.x\n", "510 No element named '9'\r\n"},
		{},
	};
	struct session s = {};

	open_router(&s);
	for (unsigned i = 0; rows[i].text; i++)
		expect(&s, rows[i].text, strlen(rows[i].text), rows[i].want);
	expect(&s, "READ c\0count\r\n", 14, "511 No handler named 'c?count'\r\n");
	expect(&s, "READDATA s.x 3\r\na\0b", 19, "500 Data must not contain zero bytes\r\n");
	session_close(&s);
}

Test(protocol, a_line_has_its_limit)
{
	struct session s = {};
	struct weir_buf text = {}, got;

	open_router(&s);
	for (unsigned i = 0; i < PROTOCOL_LINE_MAX + 100; i++)
		weir_append(&text, "x", 1);
	got = talk(&s, text.text, text.len, 1000);
	cr_assert_str_eq(got.text, "500 Line too long\r\n");
	weir_buf_free(&got);
	weir_buf_free(&text);
	session_close(&s);
}
