#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Objects that are no code of the running kernel, each with a word of its own;
# they may be made from a touched file as long as they come out the same.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper

# refused WORD TARGET PATH SED
refused() {
	ok "$1" status 1 "^  $1 +$2\$" gen "$(patch_of "$1" "$3" "$4")"
	ok "$1: has advice" says '^ {17}advice: .'
	ok "$1: unchanged" status 66 "nothing to change" \
		gen "$(patch_of same "$3" '1s,^,/* a comment */\n,')"
}

# refused_object WORD TARGET
refused_object() {
	printf 'int value(int x);\nint value(int x)\n{\n\treturn x + 1;\n}\n' |
		source_file "${2%.o}.c"
	compile "${2%.o}.c" "$2"
	refused "$1" "$2" "${2%.o}.c" 's/x \+ 1/x + 2/'
}

refused_object realmode arch/x86/realmode/rm/value.o
refused_object purgatory arch/x86/purgatory/value.o
refused_object stub drivers/firmware/efi/libstub/value.o
refused_object host scripts/value.o
refused_object host tools/value.o
refused_object boot arch/x86/boot/value.o
kernel=$CFLAGS
CFLAGS=${CFLAGS/-mcmodel=kernel /}
refused_object vdso arch/x86/entry/vdso/value.o
refused_object outside lib/value.o
CFLAGS=$kernel

echo '. = 0x100;' | source_file kernel/map.lds.S
compile kernel/map.lds.S kernel/map.lds " -E -P"
refused linker-script kernel/map.lds kernel/map.lds.S 's/100/200/'

echo 'fn main() {}' | source_file rust/lib.rs
ok "rust" status 1 '^  rust +rust/lib.rs' \
	gen "$(patch_of rust rust/lib.rs 's/main/other/')"

printf 'int piped(int x);\nint piped(int x)\n{\n\treturn x + 1;\n}\n' | source_file lib/piped.c
compile lib/piped.c lib/piped.o
sed -i '1s/-o lib\/piped.o/| cat &/' "$OBJ/lib/.piped.o.cmd"
ok "command" status 1 '^  command +lib/piped.o' \
	gen "$(patch_of command lib/piped.c 's/x \+ 1/x + 2/')"

finish
