# SPDX-License-Identifier: BSD-2-Clause
all:
	@echo "nothing to build yet"
.PHONY: all
