// SPDX-License-Identifier: BSD-2-Clause
#include "parts.h"

#include <abi/front.h>
#include <ctype.h>
#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <packages.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// What is asked of an object before it is loaded.
struct facts {
	bool is_bpf;
	uint32_t abi;	  // 0: it has none
	size_t self_size; // bytes of its arguments; 0: it has none
};

static void read_section(const char *name, Elf_Scn *section, struct facts *f)
{
	const Elf_Data *data = elf_getdata(section, NULL);

	if (!data || !data->d_buf)
		return;
	if (!strcmp(name, ".rodata.self"))
		f->self_size = data->d_size;
	else if (!strcmp(name, ".rodata.instance") && data->d_size >= sizeof(f->abi))
		memcpy(&f->abi, data->d_buf, sizeof(f->abi));
}

static void read_elf(Elf *elf, struct facts *f)
{
	Elf_Scn *section = NULL;
	GElf_Ehdr header;
	size_t names;

	if (!elf || !gelf_getehdr(elf, &header) || elf_getshdrstrndx(elf, &names))
		return;
	f->is_bpf = header.e_machine == EM_BPF;
	while (f->is_bpf && (section = elf_nextscn(elf, section))) {
		GElf_Shdr s;
		const char *name = NULL;

		if (gelf_getshdr(section, &s))
			name = elf_strptr(elf, names, s.sh_name);
		if (name)
			read_section(name, section, f);
	}
}

static void read_facts(const char *file, struct facts *f)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	Elf *elf;

	*f = (struct facts){};
	if (fd < 0)
		return;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	read_elf(elf, f);
	elf_end(elf);
	close(fd);
}

// What the compiler for BPF makes of the arguments: at least one word, in whole words.
static size_t self_size(const struct weir_class *c)
{
	const size_t word = sizeof(uint32_t);
	size_t n = c->self_size < word ? word : c->self_size;

	return (n + word - 1) / word * word;
}

static const char *check(const char *file, const struct weir_class *c)
{
	static char why[PATH_MAX + 64];
	const char *what = NULL;
	struct facts f;

	read_facts(file, &f);
	if (!f.is_bpf)
		what = "is not a BPF object";
	else if (!f.abi)
		what = "is not the object of an element";
	else if (f.abi != WEIR_FRONT_ABI)
		what = "is of another version of weir";
	else if (!c->driver && f.self_size != self_size(c))
		what = "is stale: its arguments are others";
	if (what)
		snprintf(why, sizeof(why), "%s %s", file, what);
	return what ? why : NULL;
}

const char *const *front_own_dirs(void)
{
	static char build[PATH_MAX], installed[PATH_MAX + 16];
	static const char *const dirs[] = {build, installed, NULL};
	ssize_t n = readlink("/proc/self/exe", build, sizeof(build) - 1);
	char *slash;

	build[n > 0 ? n : 0] = '\0';
	slash = strrchr(build, '/');
	if (slash)
		*slash = '\0';
	snprintf(installed, sizeof(installed), "%s/../lib/weir", build);
	return dirs;
}

// A class's source without its ending, if it may have an object: below a folder of objects, or of a
// class from outside in the folder from which it came. The object of a file with several classes is
// of the one that bears its name. The length; 0: none.
static int stem(const struct weir_class *c, const char **out)
{
	const char *slash = strrchr(c->file, '/'), *at = slash ? slash + 1 : c->file;
	const char *name = c->name;

	*out = weir_class_folder(c) ? at : c->file;
	if (*out == c->file && strncmp(c->file, "elements/", strlen("elements/")) != 0 &&
	    !weir_class_folder(c))
		return 0;
	for (; *at && *at != '.'; at++) {
		if (*at == '_')
			continue;
		if (tolower((unsigned char)*name) != *at)
			return 0;
		name++;
	}
	return *name ? 0 : (int)(at - *out);
}

// The object in the first of the folders that has one.
static const char *find(const char *const *dirs, const char *stem, int n)
{
	static char file[PATH_MAX];

	for (; dirs && *dirs; dirs++) {
		int len = snprintf(file, sizeof(file), "%s/%.*s.bpf.o", *dirs, n, stem);

		if (len < (int)sizeof(file) && !access(file, F_OK))
			return file;
	}
	return NULL;
}

const char *weir_front_object(void *, const struct weir_class *c, const char **why)
{
	static char missing[PATH_MAX + 64];
	const char *const home[] = {weir_class_folder(c), NULL};
	const char *name, *file;
	const int n = stem(c, &name);

	*why = NULL;
	if (!n)
		return NULL;
	file = *home ? find(home, name, n)
		     : find(weir_package_folders(), name, n) ?: find(front_own_dirs(), name, n);
	if (file) {
		*why = check(file, c);
		return *why ? NULL : file;
	}
	if (c->driver || !c->userspace) {
		snprintf(missing, sizeof(missing), "%s%s%.*s.bpf.o is missing", *home ? *home : "",
			 *home ? "/" : "", n, name);
		*why = missing;
	}
	return NULL;
}
