# SPDX-License-Identifier: GPL-2.0
#
# livesplice is an overlay on a kernel tree; this is its front door. The kernel's
# own build does the building, once the overlay is in a tree.

# An absolute or relative kernel tree; a patch for "make demo".
KDIR	?=
PATCH	?=
# The kernel series that is tested: 7.3, 6.12 or 6.1.
TREE	?= 6.12
# Where "make series" writes its mails.
SERIES	?= series
# A branch to be made by "make integrate".
BRANCH	?=
# Rows of "make matrix", all if empty.
MATRIX	?=
# Rows of "make configs", all if empty.
CONFIGS	?=
# Fixes of "make compare", all if empty.
FIXES	?=
# Tools of the kernel's build, 1 or -16, and a configuration of vm/configs.
LLVM	?=
CONFIG	?=
export KDIR PATCH DEBUG MATRIX CONFIGS FIXES TREE LLVM CONFIG

OVERLAY	:= scripts/overlay/overlay
VM	:= tools/testing/selftests/livesplice/vm

.PHONY: help
help:
	@echo  'Seeing it:'
	@echo  '  demo            - From a bare machine to a fix in a running (QEMU) kernel and'
	@echo  '                    back; PATCH=FILE takes another fix, KDIR=TREE another tree'
	@echo  '  corpus          - Every real fix of the corpus: generate, apply, undo'
	@echo  '  bench           - What a pause and a call cost'
	@echo  '  bench-gen       - What making an update costs: seconds by step, memory'
	@echo  '  faults          - The tests that make every step fail, and their table'
	@echo  ''
	@echo  'Testing:'
	@echo  '  check           - Every test that a change must pass; TREE=7.3|6.12|6.1 says on'
	@echo  '                    which kernel, 6.12 if nothing is said; LLVM=1 or LLVM=-16 by'
	@echo  '                    clang; CONFIG=NAME in another configuration'
	@echo  '  lint            - Only those that read the source; part of check'
	@echo  '  matrix          - The whole kernel matched, an update on and off, on each kind'
	@echo  '                    of machine that changes the running text; MATRIX="row row"'
	@echo  '  configs         - The trees, compilers and configurations that people have, each'
	@echo  '                    built and tested; CONFIGS="row row"'
	@echo  '  steps           - The series built mail by mail, TREE= as above'
	@echo  '  compare         - The kernel'"'"'s own klp-build and livepatch beside splice-gen and'
	@echo  '                    livesplice; TREE=7.3'
	@echo  '  soak            - Updates and modules come and go at random under load, in a'
	@echo  '                    kernel with all checks; MIN=10 minutes, SEED=N'
	@echo  '  soak-busy       - Functions that are never free, each with hundreds of threads in it'
	@echo  ''
	@echo  'A kernel tree of your own:'
	@echo  '  integrate KDIR=TREE - Put livesplice in; again after a change here.'
	@echo  '                    BRANCH=NAME: as a commit on a new branch of a git tree'
	@echo  '  remove    KDIR=TREE - Take it out; the tree is what it was before'
	@echo  '  series    KDIR=TREE - The same as mails for git am, into SERIES=$(SERIES)'
	@echo  ''
	@echo  '  clean           - Remove what was built in this directory'

.PHONY: demo check lint corpus bench bench-gen faults matrix configs steps compare soak soak-busy
demo check lint corpus bench bench-gen faults matrix configs steps compare soak soak-busy:
	@$(VM)/$@.sh

.PHONY: integrate remove
integrate remove: need-kdir
	@$(OVERLAY) $(if $(BRANCH),$(@:integrate=branch),$@) "$(KDIR)" $(BRANCH)

.PHONY: series
series: need-kdir
	@$(OVERLAY) $@ "$(KDIR)" "$(SERIES)"

.PHONY: need-kdir
need-kdir:
	$(if $(KDIR),,$(error KDIR is not set; say: make $(MAKECMDGOALS) KDIR=<kernel tree>))

.PHONY: clean
clean:
	@find . -name .git -prune -o -type f \( -name '*.o' -o -name '*.ko' \
		-o -name '.*.cmd' -o -name '*.mod' -o -name '*.mod.c' \
		-o -name modules.order -o -name Module.symvers \) -exec rm -f {} +
	@rm -rf series scripts/splice-gen/splice-elf scripts/splice-gen/splice-types
