#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is new may be exported; what is there already may not.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

export_of() {
	cat <<-EOF
	asm(".pushsection \".export_symbol\",\"a\"\n__export_symbol_$1:\n"
	".asciz \"GPL\"\n.ascii \"\\\\0\"\n.balign 8\n.quad $1\n.popsection");
	EOF
}

pre <<END
int there(int x) { return x + 1; }
int user(int x) { return there(x); }
$(export_of user)
END
post <<END
int there(int x) { return x + 1; }
int fresh(int x) { return x * 3; }
int user(int x) { return fresh(there(x)); }
$(export_of user)
$(export_of fresh)
END
run_diff
check "a new function is exported" result 0
check "its entry is carried" has_section .export_symbol
check "and no other one" section_size .export_symbol 16
check "with its label" symbol "LOCAL [0-9]+ __export_symbol_fresh"
check "it leads to the new function" count_is 1 .export_symbol fresh

post <<END
int there(int x) { return x + 1; }
int user(int x) { return there(x) + 1; }
$(export_of user)
$(export_of there)
END
run_diff
check "an old function is not" refused export
check "report names it" reports refuse export .export_symbol

post <<END
int there(int x) { return x + 1; }
int user(int x) { return there(x) + 1; }
END
run_diff
check "an export that goes away stays" result 0
check "the object has none" not has_section .export_symbol

# As the compiler makes them in 6.1.
made_export_of() {
	cat <<-EOF
	asm(".pushsection \"__ksymtab_strings\",\"aMS\",@progbits,1\n"
	"__kstrtab_$1: .asciz \"$1\"\n__kstrtabns_$1: .asciz \"\"\n.popsection\n"
	".pushsection \"___ksymtab_gpl+$1\",\"a\"\n.balign 4\n__ksymtab_$1:\n"
	".long $1 - ., __kstrtab_$1 - ., __kstrtabns_$1 - .\n.popsection");
	EOF
}

pre <<END
int there(int x) { return x + 1; }
int user(int x) { return there(x); }
$(made_export_of user)
END
post <<END
int there(int x) { return x + 1; }
int fresh(int x) { return x * 3; }
int user(int x) { return fresh(there(x)); }
$(made_export_of user)
$(made_export_of fresh)
END
run_diff
check "a new function with an export that is made" result 0
check "it is carried" section_size ___ksymtab_gpl+fresh 12
check "and no other one" not has_section ___ksymtab_gpl+user
check "with its label, by which modpost knows it" symbol "LOCAL [0-9]+ __ksymtab_fresh"
check "it leads to the new function" count_is 1 ___ksymtab_gpl+fresh fresh
check "to its name" count_is 1 ___ksymtab_gpl+fresh __kstrtab_fresh
check "and to its namespace" count_is 1 ___ksymtab_gpl+fresh __kstrtabns_fresh
check "which are there" section_size __ksymtab_strings 7

post <<END
int there(int x) { return x + 1; }
int user(int x) { return there(x) + 1; }
$(made_export_of user)
$(made_export_of there)
END
run_diff
check "an old function is not exported in this way either" refused export
finish
