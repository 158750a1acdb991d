// SPDX-License-Identifier: BSD-2-Clause
#include "xdp_pin.h"

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

// A pin may be of a map or a link, too; only the name of the descriptor tells.
static bool is_program(int fd)
{
	static const char what[] = "anon_inode:bpf-prog";
	char link[64], is[sizeof(what)] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return readlink(link, is, sizeof(is) - 1) > 0 && !strcmp(is, what);
}

static int say_why(const struct weir_element *e, const struct xdp_pin *pin, int rc,
		   struct weir_err *err)
{
	const char *why = strerror(-rc);

	if (rc == -ENOENT)
		why = "nothing is pinned there";
	else if (rc == -EACCES)
		why = "it is not in a BPF file system, or not readable";
	else if (rc == -EPERM)
		why = "not permitted; run as root";
	weir_error(err, &e->loc, "%s: %s: %s", e->name, pin->path, why);
	return rc;
}

static int check_type(const struct weir_element *e, const struct xdp_pin *pin, uint32_t type,
		      struct weir_err *err)
{
	const char *is = libbpf_bpf_prog_type_str(type);

	if (type == BPF_PROG_TYPE_XDP)
		return 0;
	if (type == BPF_PROG_TYPE_EXT)
		return weir_error(err, &e->loc,
				  "%s: %s: program %u (%s) is an extension, which runs only in "
				  "what it extends; pin that (of libxdp: xdp_dispatcher)",
				  e->name, pin->path, pin->id, pin->name);
	return weir_error(err, &e->loc, "%s: %s: program %u (%s) is no XDP program (%s)", e->name,
			  pin->path, pin->id, pin->name, is ? is : "of an unknown type");
}

int xdp_pin_open(const struct weir_element *e, struct xdp_pin *pin, struct weir_err *err)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	pin->fd = bpf_obj_get(pin->path);
	if (pin->fd < 0) {
		pin->fd = 0;
		return say_why(e, pin, -errno, err);
	}
	if (!is_program(pin->fd))
		return weir_error(err, &e->loc, "%s: %s is no program", e->name, pin->path);
	if (bpf_obj_get_info_by_fd(pin->fd, &info, &len))
		return say_why(e, pin, -errno, err);
	pin->id = info.id;
	snprintf(pin->name, sizeof(pin->name), "%s", info.name);
	return check_type(e, pin, info.type, err);
}

void xdp_pin_close(struct xdp_pin *pin)
{
	if (pin->fd > 0)
		close(pin->fd);
	pin->fd = 0;
}

// The first program in an array says of which kind the array is, and who uses the array must be of
// that kind.
bool xdp_pin_takes_jumps(const struct xdp_pin *pin)
{
	int array = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "weir_kind", sizeof(__u32),
				   sizeof(__u32), 1, NULL);
	const struct bpf_insn jump[] = {
		{.code = BPF_LD | BPF_IMM | BPF_DW,
		 .dst_reg = BPF_REG_2,
		 .src_reg = BPF_PSEUDO_MAP_FD,
		 .imm = array},
		{},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_tail_call},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opt, .expected_attach_type = BPF_XDP);
	__u32 zero = 0;
	int fd = -1;

	if (array >= 0 && !bpf_map_update_elem(array, &zero, &pin->fd, BPF_ANY))
		fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "weir_kind", "Dual BSD/GPL", jump,
				   sizeof(jump) / sizeof(*jump), &opt);
	if (fd >= 0)
		close(fd);
	if (array >= 0)
		close(array);
	return fd >= 0;
}

void xdp_pin_print(const struct xdp_pin *pin, struct weir_buf *out)
{
	weir_printf(out, "%u %s", pin->id, pin->name[0] ? pin->name : "(no name)");
}
