#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What tells the type of a function to indirect calls is in front of the function, and
# has to be in front of its new code.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

# type_of FUNCTION HASH
type_of() {
	cat <<-EOF2
	asm(".pushsection .text.$1,\"ax\",@progbits\n.balign 16\n"
	".type __cfi_$1, @function\n__cfi_$1: .byte 0xb8; .long $2\n"
	".size __cfi_$1, .-__cfi_$1\n.skip 11, 0x90\n.popsection");
	EOF2
}

# has_bytes SECTION BEGINNING
has_bytes() {
	objcopy -O binary -j "$1" new.o text
	[[ $(od -An -v -tx1 text | tr -d ' \n') == "$2"* ]]
}

pre <<END
$(type_of used 0x1234567)
int used(int x) { return x + 1; }
static int local(int x) { return x * 7 + 1; }
int user(int x) { return local(x) + local(x + 2); }
END
post <<END
$(type_of used 0x1234567)
int used(int x) { return x + 2; }
static int local(int x) { return x * 7 + 1; }
int user(int x) { return local(x) + local(x + 2); }
END
run_diff
check "a function with a type" result 0
check "its new code has it in front" symbol "LOCAL [0-9]+ __cfi_used.splice"
check "all of it" has_bytes .text.used b8674523019090909090909090909090

post <<END
$(type_of used 0x7654321)
int used(int x) { return x + 1; }
static int local(int x) { return x * 7 + 1; }
int user(int x) { return local(x) + local(x + 2); }
END
run_diff
check "another type" refused asm

pre <<END
int used(int x) { return x + 1; }
END
post <<END
$(type_of used 0x7654321)
int used(int x) { return x + 1; }
END
run_diff
check "a type that the old code has not" refused asm

pre <<END
int used(int x) { return x + 1; }
END
post <<END
$(type_of fresh 0x13579)
int fresh(int x) { return x * 5; }
int (*volatile pointer)(int);
int used(int x) { pointer = fresh; return x + 2; }
END
run_diff
check "a new function" result 0
check "has its type" symbol "LOCAL [0-9]+ __cfi_fresh"
finish
