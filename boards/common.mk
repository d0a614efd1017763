# Licensed under the Apache License, Version 2.0 or the MIT License.
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Copyright tock-qspi contributors 2026.

# What all boards' Makefiles have in common. A board says PLATFORM, and how it is flashed.

ROOT := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/..)
TARGET = thumbv7em-none-eabi
CARGO_TARGET_DIR ?= $(ROOT)/boards/target
ELF = $(CARGO_TARGET_DIR)/$(TARGET)/release/$(PLATFORM).elf
BIN = $(ELF:.elf=.bin)
HEX = $(ELF:.elf=.hex)

TOCKLOADER ?= tockloader
PROBE_RS ?= probe-rs
# rustc brings one that knows all targets, and does not always say where its library is.
SYSROOT := $(shell rustc --print sysroot)
OBJCOPY ?= LD_LIBRARY_PATH=$(SYSROOT)/lib $(firstword $(wildcard $(SYSROOT)/lib/rustlib/*/bin/rust-objcopy) llvm-objcopy)
# tockloader that knows where apps are to go on each board; it takes the board's own name.
TAB_LOADER = $(ROOT)/target/tools/python/bin/python $(ROOT)/userland-tests/tools/tockloader
TAB_LOADER_FLAGS ?= --board $(PLATFORM) $(filter --jlink,$(TOCKLOADER_FLAGS)) $(if $(PORT),--port $(PORT))
# Where the apps are, for `make apps`: the userland tests unless said otherwise.
TABS ?= $(ROOT)/target/tabs

.DEFAULT_GOAL := all
.PHONY: all
all: $(BIN) ## Build the kernel

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 24

# Always asked of cargo, which knows best what has changed.
.PHONY: kernel
kernel:
	@$(ROOT)/tools/tock-checkout "$(TOCK)"
	@cd $(ROOT)/boards && CARGO_TARGET_DIR=$(CARGO_TARGET_DIR) ../tools/embedded-cargo build --release -p $(PLATFORM)

$(ELF): kernel
	@cp $(ELF:.elf=) $@

# Without the sections for apps: they must stay as they are.
OBJCOPY_FLAGS = --strip-all --remove-section .apps
$(BIN): $(ELF)
	@$(OBJCOPY) --output-target=binary --strip-sections $(OBJCOPY_FLAGS) $< $@
	@ls -l $@

$(HEX): $(ELF)
	@$(OBJCOPY) --output-target=ihex $(OBJCOPY_FLAGS) $< $@

.PHONY: install
install: flash ## Build the kernel and put it on the board

.PHONY: tabs
tabs:
	$(MAKE) -C $(ROOT) tabs tab-tools

.PHONY: apps
apps: tabs ## Build the userland tests, and install APPS="name ..." of them
	@test -n "$(APPS)" || { echo "apps: say APPS=\"name ...\"; there are" $(basename $(notdir $(wildcard $(TABS)/*.tab))) >&2; exit 2; }
	$(TAB_LOADER) install $(TAB_LOADER_FLAGS) $(foreach app,$(APPS),$(TABS)/$(app).tab)

.PHONY: clean
clean: ## Forget what was built
	cd $(ROOT)/boards && cargo clean
