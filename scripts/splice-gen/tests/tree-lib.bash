# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What tables look like in the tree that splice-elf was built for (KSRC): it knows
# those of no other. As ../objs.mk. Sourced by lib.sh, tables-lib.bash and gen-lib.bash.
#
#   bug_entry      bytes of a struct bug_entry
#   alt_entry      bytes of a struct alt_instr
#   alt_feature    how the assembler makes its feature and its flags
#   alt_has_flags  "yes" if there is a word of flags; "" if there is only a NOT

# shellcheck disable=SC2034 # for those who source it
{
	bug_entry=12
	if grep -qs 'HAVE_ARCH_BUG_FORMAT$' "${KSRC-}/arch/x86/include/asm/bug.h"; then
		bug_entry=16
	fi
	alt_entry=14
	alt_feature=.4byte
	alt_has_flags=yes
	if grep -qs ALTINSTR_FLAG_INV "${KSRC-}/arch/x86/include/asm/alternative.h"; then
		alt_entry=12
		alt_feature=.2byte
		alt_has_flags=
	fi
}
