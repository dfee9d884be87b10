# SPDX-License-Identifier: GPL-2.0
#
# The objects of splice-elf and splice-types, for both makefiles.

splice-elf-objs := main.o diag.o reasons.o elf.o elf-write.o x86.o \
		   sections.o asan.o split.o items.o nameless.o special.o \
		   ids.o correlate.o compare.o check.o readers.o relaxed.o hooks.o objects.o \
		   carry.o old.o emit.o export.o keep.o explain.o diff.o same.o \
		   tables.o pre.o sites.o branches.o imports.o datas.o hooks-finish.o modinfo.o \
		   finish.o seal.o verify.o view.o show.o

splice-types-objs := types-main.o types-uses.o types-load.o types-name.o \
		     types-diff.o types-live.o diag.o reasons.o

# What tables look like in a tree, by what its headers say: where struct bug_entry
# has the line, and how long struct alt_instr is.
tree-has = $(shell grep -s '$(3)' $(1)/arch/x86/include/asm/$(2))
tree-flags = -DBUG_ENTRY_LINE=$(if $(call tree-has,$(1),bug.h,HAVE_ARCH_BUG_FORMAT$$),12,8) \
	     -DALT_ENTRY_SIZE=$(if $(call tree-has,$(1),alternative.h,ALTINSTR_FLAG_INV),12,14)
