# SPDX-License-Identifier: GPL-2.0
#
# For people. What the kernel's build system reads is in Kbuild, so that neither
# has to guess who called it.

KDIR ?= /lib/modules/$(shell uname -r)/build
# Where all goes that is not the module itself.
BUILD := $(CURDIR)/build

.DEFAULT_GOAL := all

all: module client ## the module for the running kernel, and the client

module: ## kmod/memclass.ko for the running kernel; another one's with KDIR=DIR
	@[ -e '$(KDIR)/Makefile' ] || { \
		echo 'memclass: error: no kernel headers in $(KDIR):' >&2; \
		echo '  apt-get install linux-headers-amd64, or KDIR=DIR' >&2; exit 1; }
	$(MAKE) -C '$(KDIR)' M='$(CURDIR)' modules

client: ## build/client/memclass, the program that reads the module
	$(MAKE) -C userspace O='$(BUILD)/client'

install: install-client install-module ## what make built, and units; PREFIX=/usr/local DESTDIR=

install-client install-module install-dkms uninstall:
	@$(MAKE) --no-print-directory -C packaging $@ BUILD='$(BUILD)' KDIR='$(KDIR)'

uninstall: ## remove what install put there; the same PREFIX and DESTDIR

deb: ## Debian packages in build/deb, for this system; for others with RELEASES="bookworm ..."
	@packaging/deb $(RELEASES)

prepare: ## install what check and demo need on this machine (apt, as root or with sudo)
	@selftests/prepare

deps: prepare

# What goes to selftests/check/run. CHECK itself is a name of the kernel's build system.
CHECK_OPTIONS = $(if $(KERNELS),--kernels '$(KERNELS)') $(if $(TESTS),--tests '$(TESTS)') $(if $(EVERYWHERE),--everywhere)

check: ## all checks and tests on all kernels; some with KERNELS="6.12 debug" TESTS="NAME ..."
check: ## every program on every kernel that it can run on, with EVERYWHERE=1
	@selftests/prepare
	@selftests/check/run $(CHECK_OPTIONS)

# Where real-time preemption changes the rules: what may sleep, what may be preempted. There
# is no hook with kprobes there, nor are faults counted beside another tracer's hook, which
# fault_switch and fault_beside are about.
check-rt: ## the module on Debian's kernel with real-time preemption
	@$(MAKE) --no-print-directory check KERNELS=rt \
		TESTS='$(or $(TESTS),exact_[!fs]* exact_s[!y]* fault_[!bs]* bad_* debugfs_files fuzzer harm unload objects)'

check-arm64: ## the module on Debian's kernel for arm64, emulated
	@selftests/prepare qemu-system-arm
	@$(MAKE) --no-print-directory check KERNELS=arm64 \
		TESTS='$(or $(TESTS),exact_[!dfs]* exact_s[!y]* fault_exact fault_paths fuzzer)'

# Built like the debug kernel, but in place of what looks for other faults it looks for data
# races: where several processors are in the module at once.
check-kcsan: ## the module on a kernel that looks for data races: builds that first
	@$(MAKE) --no-print-directory check KERNELS=kcsan \
		TESTS='$(or $(TESTS),static ground stress exact_totals fault_* bad_* debugfs_files fuzzer harm unload objects* cgroups)'

check-list: ## what check would run, for KERNELS, TESTS and EVERYWHERE
	@selftests/check/run --list $(CHECK_OPTIONS)

bench: ## what reading costs, against /proc and smem: a table, and build/bench.json
bench: ## some of it with KERNELS=6.12 PARTS=system; selftests/bench/run names the parts
	@selftests/prepare
	@selftests/bench/run $(KERNELS)

bench-fleet: ## what exports of HOSTS (1000) take of one Prometheus, in SECONDS (120)
	@selftests/prepare
	@selftests/metrics/scale '$(or $(HOSTS),1000)' '$(or $(SECONDS),120)'

soak: ## what takes hours: 20 minutes of fuzzing, ROUNDS (10000) unloads in at most MINUTES (600)
soak: ## what takes hours: ROUNDS (10000) of unloading, SEEDS (20) of verdicts, MINUTES (600) each
soak: ## what takes hours: readers beside stress-ng, MINUTES (60) on each kernel; each failure
soak: ## what takes hours: readers beside the kernel's own tests; waits; a capture of 4 GiB
	@selftests/prepare
	@FUZZ_SECONDS=600 selftests/fuzz/run
	@selftests/soak/capture
	@for kernel in 6.12 7.2; do selftests/soak/wait $$kernel || exit; done
	@for kernel in debug kcsan 5.10 6.1 6.12 7.2; do selftests/soak/mm $$kernel || exit; done
	@selftests/soak/unload debug '$(or $(ROUNDS),10000)' '$(or $(MINUTES),600)'
	@for kernel in 5.10 6.12 7.2; do \
		selftests/soak/watch $$kernel '$(or $(SEEDS),20)' '$(or $(MINUTES),600)' || exit; \
	done
	@for kernel in debug kcsan 5.10 6.1 6.12 7.2; do \
		selftests/soak/stress $$kernel $$(($(or $(MINUTES),60) * 60)) 1000 || exit; \
	done
	@selftests/vm/run --kernel 6.12 --timeout $$(($(or $(MINUTES),60) * 120)) -- \
		fuzzer $$(($(or $(MINUTES),60) * 60)) 1 6
	@INJECTION_SECONDS=$$(($(or $(MINUTES),60) * 6)) selftests/soak/injection

lint: ## analyzers and the kernel's own scripts, over the module and the client; valgrind
	@selftests/prepare
	@selftests/static/lint
	@selftests/static/memcheck

check-report: ## look at a report in Chromium, light and dark: fetches 130 MB
	@selftests/prepare
	@selftests/report/run

demo: ## see memclass at work in a virtual machine
	@selftests/demo/run

clean: ## remove everything that was built here
	@if [ -e '$(KDIR)/Makefile' ]; then $(MAKE) -C '$(KDIR)' M='$(CURDIR)' clean; fi
	rm -rf '$(BUILD)'

cache-clean: ## say what check and demo keep outside of here; remove it with YES=1
	@selftests/check/cache-clean $(YES)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS="$$(printf '\t')" read -r target what; do \
			printf '  make %-12s %s\n' "$$target" "$$what"; done

.PHONY: all module client install install-client install-module install-dkms uninstall deb prepare deps check check-list check-rt check-kcsan check-arm64 check-report bench bench-fleet lint soak demo clean cache-clean help
