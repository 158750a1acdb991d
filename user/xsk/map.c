// SPDX-License-Identifier: BSD-2-Clause

// Maps that are there before the programs that use them.

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <xsk.h>

static __u32 find_type(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name(btf, name);

	return id > 0 ? (__u32)id : 0;
}

int weir_xsk_map(const struct bpf_object *o, const struct bpf_map *map, uint32_t n,
		 const char *value)
{
	struct btf *btf = bpf_object__btf(o);
	LIBBPF_OPTS(bpf_map_create_opts, typed, .map_flags = bpf_map__map_flags(map));
	LIBBPF_OPTS(bpf_map_create_opts, plain, .map_flags = bpf_map__map_flags(map));
	int fd = -1;

	if (btf && !btf__load_into_kernel(btf)) {
		typed.btf_fd = (__u32)btf__fd(btf);
		typed.btf_key_type_id = find_type(btf, "__u32");
		typed.btf_value_type_id = find_type(btf, value);
		fd = bpf_map_create(bpf_map__type(map), bpf_map__name(map), bpf_map__key_size(map),
				    bpf_map__value_size(map), n, &typed);
	}
	if (fd < 0) // a kernel that does not take types of such a map
		fd = bpf_map_create(bpf_map__type(map), bpf_map__name(map), bpf_map__key_size(map),
				    bpf_map__value_size(map), n, &plain);
	return fd < 0 ? -errno : fd;
}
