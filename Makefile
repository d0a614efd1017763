# Licensed under the Apache License, Version 2.0 or the MIT License.
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Copyright tock-qspi contributors 2026.

CARGO ?= cargo
# An upstream Tock checkout that is not at tock/, for what is built for real boards.
TOCK ?=

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 24

.PHONY: tour
tour: ## Boot the simulated board and run the tour
	$(CARGO) run --release

.PHONY: test
test: ci-job-test ## Run all tests

.PHONY: prepush
prepush: ci-job-format ci-job-clippy ci-job-rules ci-job-test ci-job-docs ci-job-tour ## What to run before a push
	@echo "prepush: clean"

.PHONY: ci
ci: prepush ci-job-minimal ci-job-broken ci-job-embedded ci-job-fidelity ci-job-tabs ci-job-qemu ci-job-oracle ci-job-firmware ## All that CI runs

.PHONY: ci-job-format
ci-job-format: ## Is everything formatted?
	$(CARGO) fmt --all -- --check

.PHONY: ci-job-clippy
ci-job-clippy: ## Clippy, warnings denied
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

.PHONY: ci-job-rules
ci-job-rules: ## The house's rules: licence headers, unsafe, dependencies
	tools/check-rules

.PHONY: ci-job-test
ci-job-test: ## All tests on the host
	$(CARGO) test --workspace --locked

.PHONY: ci-job-docs
ci-job-docs: ## Docs, warnings denied
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

.PHONY: ci-job-tour
ci-job-tour: ## The tour must end with no breach
	$(CARGO) run --release --locked -- tour

.PHONY: ci-job-minimal
# Whole programs: a test that wants more than such a board has is ignored, and says what it wants.
# Left out are the programs that are about what it has not (suspension, what is beside the array), about
# the command line, and about how fast, how often or in how many orders the full board does things.
ci-job-minimal: explore-minimal ## What a board with as little as there can be must be good for, too
	$(CARGO) test --locked --features minimal -p tock-qspi --lib $(foreach name, \
	    first_light tour faults_controller faults_flash faults_system kill_anywhere once_broken \
	    once_broken_in_callbacks between_pages pages_in_a_row kernel_clients region_faces records \
	    power_cut_under_a_log whose_turn left_out, --test $(name))

.PHONY: ci-job-broken
ci-job-broken: ## Builds with a piece of the teardown removed must be found out
	tools/check-broken-builds

# What upstream's boards are built with, and ours: see boards/.cargo/config.toml.
BOARDS = nrf52840dk clue_nrf52840 particle_boron
# Where cargo puts them.
BOARDS_TARGET = $(abspath $(or $(CARGO_TARGET_DIR),boards/target))
KERNELS = $(BOARDS_TARGET)/thumbv7em-none-eabi/release
IN_BOARDS = cd boards && CARGO_TARGET_DIR=$(BOARDS_TARGET)
EMBEDDED = ../tools/embedded-cargo
REPORT = $(CARGO) run --release --locked --quiet -p firmware-report --

# A kernel that has what no board's has: all that kernel code may be served with.
WITH_KERNEL_CLIENTS = build --profile looked-at -p nrf52840dk --features kernel_clients
LOOKED_AT = $(BOARDS_TARGET)/thumbv7em-none-eabi/looked-at/nrf52840dk

.PHONY: tock
tock: ## Is there an upstream checkout? (TOCK=path makes tock/ a link to one)
	@tools/tock-checkout "$(TOCK)"

.PHONY: boards
boards: tock ## Kernels for all boards, on upstream Tock (TOCK=path)
	$(IN_BOARDS) $(EMBEDDED) build --release

.PHONY: boards-check
boards-check: boards ## The boards' clippy, format, docs and tests; upstream's lints; no way to a panic
	$(IN_BOARDS) $(CARGO) fmt -- --check
	$(IN_BOARDS) $(EMBEDDED) clippy --release --all-features -- -D warnings
	$(IN_BOARDS) RUSTDOCFLAGS="-D warnings" $(EMBEDDED) doc --no-deps --all-features
	$(IN_BOARDS) $(CARGO) test --target $$(rustc -vV | sed -n 's/^host: //p') -p spi-nor-components
	tools/upstream-lints
	$(IN_BOARDS) $(EMBEDDED) $(WITH_KERNEL_CLIENTS)
	$(REPORT) panics --argued doc/panics.md $(addprefix $(KERNELS)/,$(BOARDS) ast1030_evb) $(LOOKED_AT)

.PHONY: size
size: boards ## How large the kernels are, beside upstream's own for the nRF52840DK, and what of it is ours
	$(IN_BOARDS) $(EMBEDDED) build --release --manifest-path upstream_nrf52840dk/Cargo.toml
	$(REPORT) sizes $(KERNELS)/upstream_nrf52840dk $(addprefix $(KERNELS)/,$(BOARDS))

.PHONY: ci-job-embedded
ci-job-embedded: ## All that needs upstream Tock: the boards, their checks and sizes
	@tools/tock-checkout "$(TOCK)"; case $$? in \
	    0) $(MAKE) boards-check size ;; \
	    3) echo "ci-job-embedded: NOT RUN: there is no upstream Tock to build it with, see above" >&2 ;; \
	    *) exit 1 ;; \
	esac

.PHONY: ci-job-oracle
ci-job-oracle: ## The oracle, and the core against QEMU, where the tools for it are there
	@for step in tools/oracle tools/cross-check-core tools/run-tabs; do \
	    status=0; $$step || status=$$?; \
	    case $$status in \
	        0) ;; \
	        3) echo "ci-job-oracle: NOT RUN: $$step: see above for what is missing" >&2;; \
	        *) exit $$status;; \
	    esac; \
	done

# JSON=1 makes the next ones print JSON; PART=name has them use another part.
SIM = $(CARGO) run --release --locked --quiet --
SIM_OPTIONS = $(if $(PART),--part $(PART)) $(if $(JSON),--json)
# What a nightly run tries: 3 processes, 2 operations, 2 deaths.
NIGHTLY = --processes 3 --operations 2 --deaths 2 --detaches 0
.PHONY: explore explore-nightly explore-minimal random replay
explore: ## Every interleaving of 2 processes, 3 operations, 1 death, 1 detach (BOUNDS=--help)
	$(SIM) explore $(SIM_OPTIONS) $(BOUNDS)

explore-minimal: ## As explore, 1 operation each, on a board with as little as there can be (doc/porting.md)
	$(CARGO) run --release --locked --quiet --features minimal -- explore --operations 1 $(SIM_OPTIONS)

explore-nightly: ## The same of 3 processes with 2 deaths: takes long
	$(SIM) explore $(SIM_OPTIONS) $(NIGHTLY)

SEED ?= 1
OPS ?= 100000
random: ## Random orders with faults (SEED=1 OPS=100000)
	$(SIM) random --seed $(SEED) --ops $(OPS) $(SIM_OPTIONS)

replay: ## Run one schedule again (SCHEDULE=... VCD=file SVG=file)
	@test -n "$(SCHEDULE)" || { echo "replay: say SCHEDULE=..., as explore and random print it" >&2; exit 2; }
	$(SIM) replay '$(SCHEDULE)' $(if $(VCD),--vcd $(VCD)) $(if $(SVG),--svg $(SVG)) $(SIM_OPTIONS)

.PHONY: bench bench-instructions
bench: ## Speed beside the limits of bus and array (ONLY=text); draws target/bench.svg; cost on the target (TOCK=path)
	@mkdir -p target
	$(SIM) bench --plot target/bench.svg $(if $(ONLY),--only '$(ONLY)') $(if $(JSON),--json)
	@code=0; tools/tock-checkout "$(TOCK)" >&2 || code=$$?; \
	if [ $$code = 3 ] || ! command -v $(QEMU) >/dev/null; then \
	    echo "bench: NOT RUN: instructions on the target need upstream Tock and $(QEMU), see make qemu-costs" >&2; \
	elif [ $$code != 0 ]; then \
	    exit 1; \
	else \
	    $(MAKE) --no-print-directory qemu-costs >&$(if $(JSON),2,1); \
	fi

bench-instructions: ## Instructions of one operation, counted by valgrind
	$(SIM) bench --instructions $(if $(ONLY),--only '$(ONLY)') $(if $(JSON),--json)

.PHONY: oracle oracle-mutants cross-check run-tabs run-firmware
oracle: ## A driver that is used on silicon, executed against the models (doc/oracle.md)
	tools/oracle

oracle-mutants: ## The same, and against broken models, which it must find out
	tools/oracle --mutants

cross-check: ## The emulated core against QEMU's, instruction by instruction
	tools/cross-check-core

run-tabs: ## The TABs of make tabs, executed on the simulated board (doc/oracle.md)
	tools/run-tabs

run-firmware: boards ## The nRF52840DK's image, executed on an emulated chip (TOCK=path; doc/firmware.md)
	tools/run-firmware $(KERNELS)/nrf52840dk

.PHONY: ci-job-firmware
ci-job-firmware: ## run-firmware; NOT RUN without a checkout or TABs
	@code=0; tools/tock-checkout "$(TOCK)" || code=$$?; \
	if [ $$code = 3 ]; then \
	    echo "ci-job-firmware: NOT RUN: there is no upstream Tock to build an image with, see above" >&2; \
	elif [ $$code != 0 ]; then \
	    exit 1; \
	else \
	    $(MAKE) --no-print-directory boards && tools/run-firmware $(KERNELS)/nrf52840dk || code=$$?; \
	    if [ $$code = 3 ]; then \
	        echo "ci-job-firmware: NOT RUN: see above for what is missing" >&2; \
	    else \
	        exit $$code; \
	    fi; \
	fi

.PHONY: bench-target
bench-target: boards ## Instructions by whose they are, and speed, of the nRF52840DK's image (TOCK=path ONLY=text TOP=20; doc/target.md)
	$(REPORT) costs $(KERNELS)/nrf52840dk $(if $(ONLY),--only '$(ONLY)') $(if $(TOP),--top $(TOP)) $(if $(JSON),--json)

POLICY ?=
.PHONY: compare
compare: ## Why a flag, a sleep or a count is not enough (POLICY=b SCHEDULE=... runs one again)
	$(SIM) compare $(if $(POLICY),--policy $(POLICY)) $(if $(SCHEDULE),--replay '$(SCHEDULE)') $(SIM_OPTIONS)

.PHONY: mutants
# The quickest tests first; what they let live is tried again by the explorer and the faults. The
# tests of the command line and of images would find nothing more.
MUTATE = $(if $(JSON),>&2) $(CARGO) mutants --workspace --output target $(MUTANTS)
QUICK = --package=tock-qspi --lib --test=first_light --test=kernel_clients '--test=once_broken*'
ORDERS = --package=tock-qspi --test=explore '--test=faults_*'
mutants: ## Change the teardown's code in every way that cargo-mutants knows: tests must fail
	@$(CARGO) mutants --version >/dev/null 2>&1 || { \
	    echo "mutants: install it first: $(CARGO) install cargo-mutants --locked" >&2; exit 2; }
	@status=0; \
	$(MUTATE) || $(MUTATE) --iterate -- $(QUICK) || $(MUTATE) --iterate -- $(ORDERS) || status=$$?; \
	$(if $(JSON),cat target/mutants.out/outcomes.json;) exit $$status

KILLS ?= 1000
KILL_SEED ?= 1
.PHONY: kills
kills: ## Kill apps at random moments of a mixed workload (KILLS=1000 KILL_SEED=1)
	KILLS=$(KILLS) KILL_SEED=$(KILL_SEED) $(CARGO) test --release --locked -p tock-qspi \
	    --test kill_anywhere -- --nocapture a_process_killed_anywhere

FUZZ_SECONDS ?= 600
.PHONY: fuzz
fuzz: ## Hammer the SFDP decoder with broken tables (FUZZ_SECONDS=600)
	SFDP_FUZZ_SECONDS=$(FUZZ_SECONDS) $(CARGO) test --release -p spi-nor --test sfdp_fuzz -- --nocapture

# The apps of the userland tests, as TABs. The tools for it go under target/tools/.
TOOLS = $(abspath target/tools)
TABS = target/tabs
ELF2TAB_VERSION = 0.13.0
ELF2TAB_ROOT = $(TOOLS)/elf2tab-$(ELF2TAB_VERSION)
ELF2TAB = $(ELF2TAB_ROOT)/bin/elf2tab
TOCKLOADER = $(TOOLS)/python/bin/python userland-tests/tools/tockloader
USERLAND_TABS = $(CARGO) run --release --locked --quiet -p userland-tabs -- --tabs $(TABS)

$(ELF2TAB):
	$(CARGO) install elf2tab --version $(ELF2TAB_VERSION) --locked --root $(ELF2TAB_ROOT) --quiet

$(TOOLS)/python/installed: userland-tests/tools/requirements.txt
	python3 -m venv $(TOOLS)/python
	$(TOOLS)/python/bin/pip install --quiet --requirement $<
	@touch $@

.PHONY: tab-tools
tab-tools: $(TOOLS)/python/installed

.PHONY: tabs
tabs: $(ELF2TAB) ## The userland tests as apps for Cortex-M4: target/tabs/*.tab
	library=$$(userland-tests/tools/build-library) && \
	    $(USERLAND_TABS) build --library "$$library" --elf2tab $(ELF2TAB)

.PHONY: tab-image
tab-image: tabs $(TOOLS)/python/installed ## Install TABs in flash images with tockloader, look at what is in them
	$(USERLAND_TABS) image --tockloader $(TOCKLOADER)

.PHONY: ci-job-tabs
ci-job-tabs: ## The userland tests as TABs: build, check, install in flash images
	@code=0; userland-tests/tools/build-library >/dev/null || code=$$?; \
	if [ $$code = 0 ]; then \
	    $(MAKE) --no-print-directory tab-image; \
	elif [ $$code = 2 ]; then \
	    echo "ci-job-tabs: NOT RUN: the core library for Cortex-M can't be had here (see above)" >&2; \
	else \
	    exit $$code; \
	fi

# The AST1030 board in QEMU (doc/qemu.md).
QEMU ?= qemu-system-arm
QEMU_TABS = target/qemu-tabs
QEMU_APPS_TARGET = $(abspath $(or $(CARGO_TARGET_DIR),target/qemu-apps))
QEMU_CRATE = userland-tests/qemu
EVB = EVB_KERNEL=$(KERNELS)/ast1030_evb EVB_TABS=$(TABS):$(QEMU_TABS) QEMU=$(QEMU) \
    $(CARGO) run --release --locked --quiet --manifest-path $(QEMU_CRATE)/Cargo.toml --

.PHONY: qemu-there qemu-parts qemu qemu-test qemu-costs
qemu-there:
	@command -v $(QEMU) >/dev/null || { \
	    echo "qemu: there is no $(QEMU). Debian has it: apt-get install qemu-system-arm" >&2; exit 1; }

qemu-parts: qemu-there tock tabs
	$(IN_BOARDS) $(EMBEDDED) build --release -p ast1030_evb
	CARGO_TARGET_DIR=$(QEMU_APPS_TARGET) tools/embedded-cargo build --release --locked \
	    --manifest-path $(QEMU_CRATE)/apps/Cargo.toml
	$(CARGO) run --release --locked --quiet -p userland-tabs -- --from $(QEMU_CRATE) --tabs $(QEMU_TABS) build \
	    --library $(QEMU_APPS_TARGET)/thumbv7em-none-eabi/release/libqemu_apps.a --elf2tab $(ELF2TAB)

APPS ?= basic churn-a
qemu: qemu-parts ## Boot the AST1030 board in QEMU, with a process console (APPS="basic churn-a"); Ctrl-C ends it
	$(EVB) run $(APPS)

QEMU_TEST ?=
qemu-test: qemu-parts ## Userland tests, deaths, detaches and kills on a real kernel in QEMU (QEMU_KILLS=200 QEMU_TEST=filter)
	$(CARGO) test --release --locked --quiet --manifest-path $(QEMU_CRATE)/Cargo.toml
	$(EVB) test $(if $(QEMU_TEST),-- $(QEMU_TEST))

.PHONY: ci-job-qemu
ci-job-qemu: ## qemu-test; NOT RUN without a checkout or QEMU
	@code=0; tools/tock-checkout "$(TOCK)" || code=$$?; \
	if [ $$code = 3 ]; then \
	    echo "ci-job-qemu: NOT RUN: there is no upstream Tock to boot, see above" >&2; \
	elif [ $$code != 0 ]; then \
	    exit 1; \
	elif ! command -v $(QEMU) >/dev/null; then \
	    echo "ci-job-qemu: NOT RUN: there is no $(QEMU). Debian has it: apt-get install qemu-system-arm" >&2; \
	else \
	    $(MAKE) --no-print-directory qemu-test; \
	fi

qemu-costs: qemu-parts ## Instructions per operation on the target, our stack beside upstream's
	$(EVB) costs

BOARD ?= nrf52840dk
.PHONY: hw-test
hw-test: ## Run the userland tests on a board that is connected (BOARD=nrf52840dk PORT=/dev/... RUN=name)
	@port="$(PORT)"; [ -n "$$port" ] || port=$$($(USERLAND_TABS) find --board $(BOARD)) || exit; \
	    $(MAKE) --no-print-directory tabs $(TOOLS)/python/installed && \
	    $(USERLAND_TABS) hardware --board $(BOARD) --port "$$port" $(if $(RUN),--run $(RUN)) \
	        --tockloader $(TOCKLOADER)

SCHEDULES ?= 10000
.PHONY: fidelity
fidelity: ## The same boards on the host kernel and on upstream's, line by line (TOCK=path SCHEDULES=10000 SEED=1)
	@$(CARGO) run --release --locked --quiet --package tock-fidelity -- --tock "$(or $(TOCK),tock)" \
	    --schedules $(SCHEDULES) --seed $(SEED) $(if $(JSON),--json)

.PHONY: ci-job-fidelity
ci-job-fidelity: ## The same with fewer schedules; NOT RUN without a checkout
	@tools/tock-checkout "$(TOCK)"; case $$? in \
	    0) $(MAKE) --no-print-directory fidelity SCHEDULES=1000 ;; \
	    3) echo "ci-job-fidelity: NOT RUN: there is no upstream Tock to compare with, see above" >&2 ;; \
	    *) exit 1 ;; \
	esac
