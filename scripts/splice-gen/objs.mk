# SPDX-License-Identifier: GPL-2.0
#
# The objects of splice-elf and splice-types, for both makefiles.

splice-elf-objs := main.o diag.o reasons.o elf.o elf-write.o x86.o \
		   sections.o asan.o split.o items.o nameless.o special.o \
		   ids.o correlate.o compare.o check.o readers.o relaxed.o hooks.o objects.o \
		   carry.o old.o emit.o export.o keep.o explain.o diff.o same.o \
		   tables.o pre.o sites.o imports.o datas.o hooks-finish.o modinfo.o \
		   finish.o seal.o verify.o view.o show.o

splice-types-objs := types-main.o types-uses.o types-load.o types-name.o \
		     types-diff.o types-live.o diag.o reasons.o
