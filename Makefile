# SPDX-License-Identifier: BSD-2-Clause
# One makefile for everything; `make help` prints the targets.
#
#   V=1                     show the commands
#   SAN=address,undefined   build with sanitizers, into build/address-undefined
#   CC=clang                another compiler (its own build folder)
#   T=60                    seconds per fuzz harness

CC := gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
comma := ,
B := build$(if $(SAN),/$(subst $(comma),-,$(SAN)))$(if $(filter-out gcc,$(CC)),/$(notdir $(firstword $(CC))))
Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-8s %s\n' $(1) $(2))

WARN := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wvla -Wimplicit-fallthrough \
	-Wstrict-prototypes -Wno-override-init
CFLAGS ?= -O2 -g
ALL_CFLAGS := -std=gnu2x -D_GNU_SOURCE $(WARN) -Wframe-larger-than=8192 -fno-common -pthread \
	$(CFLAGS) $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
LIBS := -lxdp -lbpf -lelf -lpcap -lnuma -lmnl -lurcu-qsbr -lurcu-common -lm
# what elements from outside may call: all that the headers of the API name, and no more
EXPORTS = -Wl,--dynamic-list=$(B)/gen/api.list

# --- rooms: the -I flags hold the table of who may include whom ------------------------------
api := -Iuser/include -Ibpf
room = $(firstword $(subst /, ,$(patsubst user/%,%,$(1))))
inc_lang := $(api) -Iuser/lang
inc_classify := $(api) -Iuser/classify
inc_graph := $(inc_lang) -Iuser/graph
inc_engine := $(inc_graph) -Iuser/engine
inc_xsk := $(inc_engine) -Iuser/xsk -I$(B)/gen
inc_control := $(inc_engine) -Iuser/control
inc_kernel := $(inc_engine) -Iuser/kernel
inc_front := $(inc_engine) -Iuser/front -Iuser/xsk -I$(B)/gen
llvm := $(firstword $(wildcard /usr/bin/llvm-config /usr/bin/llvm-config-* /usr/lib/llvm-*/bin/llvm-config))
inc_compile = -Ibpf -isystem $(shell $(llvm) --includedir)
inc_loader := $(inc_engine) -Iuser/xsk -Iuser/front -Iuser/control -Iuser/kernel -Iloader -I$(B)/gen
inc_elements := $(api) -Ielements
inc_include := $(api)
inc_bpf := -Ibpf
inc_tests := $(inc_loader) -Itests/lib -Ielements

user_src := $(sort $(filter-out user/compile/%,$(wildcard user/*/*.c)))
elem_src := $(sort $(filter-out %.bpf.c,$(wildcard elements/*/*.c)))
loader_src := $(sort $(wildcard loader/*.c))
testlib_src := $(sort $(wildcard tests/lib/*.c))
unit_src := $(sort $(wildcard tests/unit/*.c))
net_src := $(sort $(filter-out %.bpf.c,$(wildcard tests/net/*.c)))
bench_src := $(sort $(wildcard tests/bench/*.c))
benchlib_src := $(sort $(wildcard tests/bench/lib/*.c))
benchnet_src := $(sort $(filter-out %.bpf.c,$(wildcard tests/bench/net/*.c)))
fuzz_src := $(sort $(wildcard tests/fuzz/fuzz_*.c))
obj = $(patsubst %.c,$(B)/%.o,$(1))
core_obj := $(call obj,$(user_src) $(elem_src))
# everything of the loader but main, so that tests can call it
lib_obj := $(core_obj) $(call obj,$(filter-out loader/main.c,$(loader_src)))

bpf_src := $(sort $(wildcard bpf/prog/*.bpf.c))
skel := $(patsubst bpf/prog/%.bpf.c,$(B)/gen/%.skel.h,$(bpf_src))
# elements whose driver half is a file of its own
driver_src := $(sort $(wildcard elements/*/*.bpf.c))
# the others in the one-packet form compile for the driver too
pure_form := ^WEIR_(SPLIT_)?(STATE_)?ELEMENT[(]
pure_src := $(filter-out $(driver_src:.bpf.c=.c), \
	$(shell grep -lE '$(pure_form)' $(elem_src) /dev/null))
elem_bpf := $(sort $(pure_src:%.c=$(B)/%.bpf.o) $(driver_src:%.bpf.c=$(B)/%.bpf.o))

all: $(B)/weir $(B)/weir-compile bpf ## build build/weir and the BPF objects

$(B)/weir: $(lib_obj) $(call obj,$(filter loader/main.c,$(loader_src))) $(B)/gen/objects | $(B)/gen/api.list
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $(filter %.o,$^) $(EXPORTS) $(LIBS)

# An element that was taken away is to go: its object is older than what it was linked into.
$(B)/gen/objects: always
	@mkdir -p $(@D)
	@echo '$(lib_obj)' | cmp -s - $@ || echo '$(lib_obj)' >$@

# The one command that carries LLVM.
$(B)/weir-compile: $(B)/user/compile/main.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $< -L$(shell $(llvm) --libdir) $(shell $(llvm) --libs) -lelf

api_headers := $(sort $(wildcard user/include/weir/*.h))
$(B)/gen/api.list: $(api_headers)
	@mkdir -p $(@D)
	$(Q){ echo '{'; grep -ohE '\bweir_[a-z0-9_]+[[(]' $^ | tr '[(' ';;' | sort -u; echo '};'; } >$@

$(B)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(inc_$(call room,$<)) -MMD -MP -c $< -o $@

# Elements are the hot path. Every x86-64 processor takes PREFETCHW, if only to do nothing.
prfchw := $(if $(filter x86_64%,$(shell $(CC) -dumpmachine)),-mprfchw)
$(B)/elements/%.o: ALL_CFLAGS += -O3 $(prfchw)
$(B)/tests/bench/%.o: ALL_CFLAGS += $(prfchw)

# --- BPF --------------------------------------------------------------------------------------
bpf_cflags := -std=gnu2x -O2 -g -target bpf -mcpu=v3 $(filter-out -Wmissing-prototypes,$(WARN)) \
	-Wno-unused-function -ffreestanding -I/usr/include/$(shell $(CC) -dumpmachine) -Ibpf/include -Ibpf \
	-Iuser/include
bpf: $(skel) $(elem_bpf)

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(bpf_cflags) -MMD -MP -c $< -o $@

$(B)/tests/%.bpf.o: tests/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(bpf_cflags) -Wno-unused-parameter -Itests/lib -Ielements -MMD -MP -c $< -o $@
$(B)/kernel/tables $(B)/kernel/tables6 $(B)/bench/front_fib $(B)/bench/front_fib6: | \
	$(B)/tests/kernel/fib_reader.bpf.o $(B)/tests/kernel/fib6_reader.bpf.o
$(B)/kernel/steer: | $(B)/tests/kernel/steer.bpf.o
$(B)/kernel/sessions: | $(B)/tests/kernel/session_forward.bpf.o

# of which paths are compiled (user/compile)
bitcode := -Xclang -fembed-bitcode=bitcode
define bpf_element
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(bpf_cflags) -Ielements $(bitcode) -Wno-unused-const-variable -MMD -MP -c $< -o $@
endef
$(B)/elements/%.bpf.o: elements/%.bpf.c
	$(bpf_element)
$(B)/elements/%.bpf.o: elements/%.c
	$(bpf_element)

# What others generate is not held to our lint.
skeleton = { echo '// NOLINTBEGIN' && $(BPFTOOL) gen skeleton $< name
$(B)/gen/%.skel.h: $(B)/bpf/prog/%.bpf.o
	$(call say,SKEL,$@)
	@mkdir -p $(@D)
	$(Q)$(skeleton) $(subst -,_,$*) && echo '// NOLINTEND'; } >$@.tmp && mv $@.tmp $@

$(call obj,$(filter user/xsk/% user/front/%,$(user_src))): | $(skel)

# --- tests ------------------------------------------------------------------------------------
$(B)/unit: $(lib_obj) $(call obj,$(testlib_src) $(unit_src)) $(B)/gen/objects | $(B)/gen/api.list
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $(filter %.o,$^) $(EXPORTS) $(LIBS) -lcriterion

$(B)/bench/%: $(lib_obj) $(call obj,$(testlib_src) $(benchlib_src)) $(B)/tests/bench/%.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LIBS)

# Programs that the network tests run beside the command.
$(B)/net/%: $(lib_obj) $(call obj,$(testlib_src)) $(B)/tests/net/%.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LIBS)

# The load of the network benchmarks and the bare loop: with BPF programs, without weir.
$(B)/gen/bench_%.skel.h: $(B)/tests/bench/net/%.bpf.o
	$(call say,SKEL,$@)
	@mkdir -p $(@D)
	$(Q)$(skeleton) bench_$* && echo '// NOLINTEND'; } >$@.tmp && mv $@.tmp $@
$(B)/bench/net/%: tests/bench/net/%.c $(B)/gen/bench_%.skel.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -I$(B)/gen -MMD -MP -o $@ $< -lxdp -lbpf

benches: $(patsubst tests/bench/%.c,$(B)/bench/%,$(bench_src) $(benchnet_src)) \
	$(B)/net/full_table $(B)/net/kernel_load

# Needs no root, no NIC and no hugepages, and takes under 10 seconds.
check: $(B)/weir bpf $(B)/unit ## cases, unit, graph and configuration tests; no root
	$(Q)tests/check $(B)

kernel_src := $(sort $(filter-out %.bpf.c,$(wildcard tests/kernel/*.c)))
$(B)/kernel/%: $(lib_obj) $(call obj,$(testlib_src)) $(B)/tests/kernel/%.o | $(B)/gen/api.list
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(EXPORTS) $(LIBS)

check-kernel: $(B)/weir $(B)/unit $(elem_bpf) $(patsubst tests/kernel/%.c,$(B)/kernel/%,$(kernel_src)) ## BPF programs under BPF_PROG_RUN, against userspace (root)
	$(Q)$(B)/kernel/parity $(elem_bpf)
	$(Q)$(B)/kernel/entry
	$(Q)$(B)/kernel/steer $(B)
	$(Q)$(B)/kernel/sinks $(B)
	$(Q)$(B)/kernel/rules $(B)
	$(Q)$(B)/kernel/tables $(B)
	$(Q)$(B)/kernel/tables6 $(B)
	$(Q)$(B)/kernel/neighbors $(B)
	$(Q)$(B)/kernel/groups $(B)
	$(Q)$(B)/kernel/sessions $(B)
	$(Q)$(B)/kernel/chains $(B)
	$(Q)tests/kernel/new $(B)
	$(Q)tests/kernel/outside $(B)
check-elements: $(B)/unit $(B)/kernel/parity ## case rows of other elements in both halves (root): make check-elements L=DIR
	$(Q)WEIR_ELEMENTS=$(L) $(B)/unit --filter 'cases/*'
	$(Q)$(B)/kernel/parity -L $(L) $(wildcard $(L)/*.bpf.o)
check-net: $(B)/weir benches $(B)/tests/net/vlan.bpf.o $(patsubst tests/net/%.c,$(B)/net/%,$(net_src)) ## real traffic between network namespaces (root)
	$(Q)tests/net/check $(B)
check-life: $(B)/weir bpf $(B)/net/flows ## the life of a router, for a build with sanitizers: make SAN=thread check-life (root)
	$(Q)tests/net/sanitized $(B)
check-models: ## what workers do to each other, in every order that can happen (spin)
	$(Q)tests/models/run $(B)
check-vm: all $(B)/net/kernel_follow ## zero copy on emulated NICs, in a virtual machine
	$(Q)tests/vm/check $(B)

# A plain program: Criterion does not start under ThreadSanitizer.
stress_src := $(sort $(wildcard tests/stress/*.c))
$(B)/stress/stress: $(lib_obj) $(call obj,$(testlib_src) $(stress_src))
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LIBS)

stress: $(B)/stress/stress ## workers against handlers and each other, half a minute; with SAN=thread it finds races
	$(Q)$(B)/stress/stress

# Every C file compiles for arm64. The headers of the libraries are this machine's, behind those of
# the cross compiler; BPF skeletons are the same everywhere.
ARM64_CC ?= aarch64-linux-gnu-gcc
arm64_obj := $(patsubst %.c,$(B)/arm64/%.o,$(user_src) $(elem_src) $(loader_src))
$(B)/arm64/%.o: %.c | $(skel)
	$(call say,ARM64,$<)
	@mkdir -p $(@D)
	$(Q)$(ARM64_CC) $(ALL_CFLAGS) $(inc_$(call room,$<)) -idirafter /usr/include \
		-idirafter /usr/include/$(shell $(CC) -print-multiarch) \
		-MMD -MP -c $< -o $@ || { rm -f $@; false; }
arm64-objects: $(arm64_obj)
check-arm64: $(skel) ## everything compiles for arm64 (cross compiler)
	$(Q)$(MAKE) --no-print-directory -k arm64-objects || true
	@n=$$(ls $(arm64_obj) 2>/dev/null | wc -l); bad=$$(($(words $(arm64_obj)) - n)); \
	echo "$$n passed, $$bad failed"; [ $$bad = 0 ]

test: deps ## install what is missing, build, run every test (root)
	$(Q)tests/all

bench: $(B)/weir benches ## the figures, each with its peer in the same run
	$(Q)tests/bench/run $(B)

fuzz_cflags := -std=gnu2x -D_GNU_SOURCE -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -DWEIR_FUZZ -Wall -Wno-gnu
fuzz_core := $(patsubst %.c,$(B)/fuzz/%.o,$(user_src) $(elem_src) \
	$(filter-out loader/main.c,$(loader_src)) $(testlib_src))
$(B)/fuzz/%.o: %.c | $(skel)
	$(call say,FUZZCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(fuzz_cflags) $(inc_$(call room,$<)) -MMD -MP -c $< -o $@
$(B)/fuzz/fuzz_%: $(fuzz_core) $(B)/fuzz/tests/fuzz/fuzz_%.o
	$(call say,LINK,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -pthread -o $@ $^ $(LIBS)
fuzzers: $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(fuzz_src))
T ?= 60
fuzz: fuzzers ## fuzz the language and every element, T seconds each
	$(Q)tests/fuzz/run $(B)/fuzz $(T)

# --- the house --------------------------------------------------------------------------------
deps: ## install the Debian packages that are missing
	$(Q)tests/deps
demo: deps ## route real traffic in network namespaces, by hand, by routing daemons and through NAT (root)
	$(Q)$(MAKE) --no-print-directory all benches
	$(Q)tests/net/demo $(B)
	$(Q)tests/net/demo_peers $(B)
	$(Q)tests/net/demo_nat $(B)
lint: $(B)/weir ## what a compiler does not hold; of some files only: make lint F="a.c b.c"
	$(Q)tests/deps lint
	$(Q)tests/lint $(B) $(F)

# The slow part of lint. What passed is not asked again until it or a header of it changes.
tidy_all := $(user_src) $(elem_src) $(loader_src) user/compile/main.c
tidy_src := $(filter $(tidy_all),$(or $(F),$(tidy_all)))
lone_hdr := $(filter-out bpf/include/% %.bpf.h,$(filter %.h,$(or $(F),$(shell git ls-files '*.h'))))
lint-files: $(tidy_src:%=$(B)/lint/%) $(lone_hdr:%=$(B)/lint/%)
$(B)/lint/%.c: %.c $(B)/%.o .clang-tidy
	$(if $(progress),$(call say,TIDY,$<),@:)
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- -std=gnu2x -D_GNU_SOURCE $(inc_$(call room,$<)) 2>/dev/null && touch $@
# a header compiles by itself, with what its room may include
$(B)/lint/%.h: %.h | $(skel)
	$(if $(progress),$(call say,ALONE,$<),@:)
	@mkdir -p $(@D)
	$(Q)echo '#include "$<"' | $(CC) $(ALL_CFLAGS) -Wno-unused-function -I. $(inc_$(call room,$<)) \
		-MMD -MP -MF $@.d -MT $@ -x c -c -o /dev/null - 2>&1 && touch $@
format: ## format every C file
	$(Q)git ls-files '*.[ch]' | xargs clang-format -i
docs: $(B)/weir ## write the generated pages of docs/
	$(Q)docs/generate $(B)
new: ## write the skeleton of an element: make new E=ip/my_element
	$(Q)tests/new "$(E)"
prefix ?= $(or $(PREFIX),/usr/local)
include_to = $(DESTDIR)$(prefix)/include/weir
install: $(B)/weir $(B)/weir-compile $(elem_bpf) ## install the command, its BPF objects, configurations, and the element API
	install -D -m 755 $(B)/weir $(DESTDIR)$(prefix)/bin/weir
	install -D -m 755 $(B)/weir-compile $(DESTDIR)$(prefix)/lib/weir/weir-compile
	@for o in $(elem_bpf:$(B)/%=%); do \
		echo "install $(DESTDIR)$(prefix)/lib/weir/$$o"; \
		install -D -m 644 $(B)/$$o $(DESTDIR)$(prefix)/lib/weir/$$o || exit 1; done
	install -d $(DESTDIR)$(prefix)/share/weir/configs
	install -m 644 configs/*.click $(DESTDIR)$(prefix)/share/weir/configs
	install -m 644 loader/package/* $(DESTDIR)$(prefix)/share/weir
	install -d $(include_to)/abi $(include_to)/weir $(include_to)/bpf/weir
	install -m 644 bpf/abi/*.h $(include_to)/abi
	install -m 644 $(api_headers) $(include_to)/weir
	install -m 644 bpf/include/weir/*.h $(include_to)/bpf/weir
uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(prefix)/bin/weir
	rm -rf $(DESTDIR)$(prefix)/share/weir $(DESTDIR)$(prefix)/lib/weir $(include_to)
clean: ## remove the build folder
	rm -rf build
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: all always bpf check check-elements check-life check-models stress check-arm64 arm64-objects check-kernel check-net check-vm test bench \
	benches fuzz fuzzers deps demo lint lint-files format docs new install uninstall clean help
.SECONDARY:
.DELETE_ON_ERROR:

-include $(shell find $(B) -name '*.d' 2>/dev/null)
