# SPDX-License-Identifier: BSD-2-Clause
# Builds elements outside of weir's tree, in the current folder, against the installed headers:
#
#   make -f PREFIX/share/weir/element.mk          every element of the folder
#   make -f PREFIX/share/weir/element.mk foo      foo.so from foo.c; and foo.bpf.o, the half in the driver,
#                                                 from foo.bpf.c or from foo.c in the one-packet form
#
# C files that register no class are linked into every element. CFLAGS and LDLIBS add to the rest.

weir_share := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
weir_include ?= $(abspath $(weir_share)/../../include/weir)
CLANG ?= clang
CFLAGS ?= -O3 -g

weir_form := ^WEIR_[A-Z_]*(ELEMENT|CLASS)[(]
weir_pure := ^WEIR_(SPLIT_)?(STATE_)?ELEMENT[(]
weir_c := $(filter-out %.bpf.c,$(wildcard *.c))
weir_elements := $(patsubst %.c,%,$(shell grep -lE '$(weir_form)' $(weir_c) /dev/null))
weir_more := $(filter-out $(weir_elements:%=%.c),$(weir_c))
weir_driver := $(patsubst %.bpf.c,%,$(wildcard *.bpf.c))
weir_both := $(sort $(weir_driver) $(patsubst %.c,%,$(shell grep -lE '$(weir_pure)' $(weir_c) /dev/null)))
weir_headers := $(wildcard *.h $(weir_include)/*/*.h $(weir_include)/bpf/weir/*.h)

weir_warn := -Wall -Wextra -Wno-override-init
weir_bpf := -std=gnu2x -O2 -g -target bpf -mcpu=v3 -Xclang -fembed-bitcode=bitcode \
	$(weir_warn) -Wno-unused-function \
	-Wno-unused-const-variable -ffreestanding -I/usr/include/$(shell $(CC) -dumpmachine) \
	-I$(weir_include)/bpf -I$(weir_include)

all: $(weir_elements)
$(weir_elements): %: %.so
$(filter $(weir_both),$(weir_elements)): %: %.bpf.o

%.so: %.c $(weir_more) $(weir_share)/package.c $(weir_headers)
	$(CC) -std=gnu2x -D_GNU_SOURCE $(weir_warn) -I$(weir_include) -pthread $(CFLAGS) \
		-fPIC -fvisibility=hidden -shared -o $@ $(filter %.c,$^) $(LDLIBS)
%.bpf.o: %.bpf.c $(weir_headers)
	$(CLANG) $(weir_bpf) -c $< -o $@
%.bpf.o: %.c $(weir_headers)
	$(CLANG) $(weir_bpf) -c $< -o $@
clean:
	rm -f $(weir_elements:%=%.so) $(weir_both:%=%.bpf.o)

.PHONY: all clean $(weir_elements)
.DELETE_ON_ERROR:
