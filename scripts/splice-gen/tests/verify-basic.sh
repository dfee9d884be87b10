#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What `splice-elf verify` notices in an update that something went wrong with.

# shellcheck disable=SC1091
. "$(dirname "$0")/tables-lib.bash"

# damaged WHAT TEXT SECTION OFFSET BYTES
damaged() {
	cp good.ko bad.ko
	poke bad.ko "$3" "$4" "$5"
	ok "$1" status 1 "^refuse	$2" verify bad.ko
}

# without WHAT TEXT SED-SCRIPT: the module is linked from something else than
# what verify is told.
without() {
	sed "$3" new.s > other.s
	as -o other.o other.s && ld -r -o in.ko other.o || exit 1
	if ! silent finish > /dev/null; then
		ok "$1: can be finished" false
		return
	fi
	ok "$1" status 1 "^refuse	$2" verify
}

make_pre
make_module
silent finish > /dev/null
cp out.ko good.ko
ok "a good one" silent verify good.ko
ok "inputs that nobody named" status 1 'count' "$ELF" verify good.ko
ok "not an object" status 3 'not an ELF' "$ELF" verify new.s -i unit.o
ok "not an update" status 1 'info\[0\]' verify in.ko
head -c "$(($(stat -c %s good.ko) - 70))" good.ko > short.ko
ok "truncated" status 3 error verify short.ko

damaged "magic" 'format	.livesplice.info\[0\]' .livesplice.info 0 X
damaged "version" 'format	.livesplice.info\[0\]' .livesplice.info 8 '\x7f'
damaged "flags" 'format	.livesplice.info\[0\]' .livesplice.info 16 '\x80'
damaged "name out of range" 'format	.livesplice.info\[0\]' .livesplice.info 38 X
damaged "new code" checksum .text.target 6 X
damaged "unit" 'format	.livesplice.units\[0\]' .livesplice.units 8 '\xff'
damaged "section of no unit" 'format	.livesplice.sections\[0\]' \
	.livesplice.sections 0 '\x01'
damaged "kind of section" 'format	.livesplice.sections\[0\]' \
	.livesplice.sections 8 '\x77'
damaged "size of section" 'format	.livesplice.sections\[0\]' \
	.livesplice.sections 14 '\x01'
damaged "symbol" 'format	.livesplice.symbols\[0\]' .livesplice.symbols 6 X
damaged "type of symbol" 'format	.livesplice.symbols\[0\]' \
	.livesplice.symbols 16 '\x09'
damaged "offset of relocation" 'format	.livesplice.relocs\[0\]' \
	.livesplice.relocs 2 X
damaged "type of relocation" 'format	.livesplice.relocs\[0\]' \
	.livesplice.relocs 4 X
damaged "symbol of relocation" 'format	.livesplice.relocs\[0\]' \
	.livesplice.relocs 10 X
damaged "kind of site" 'format	.livesplice.sites\[0\]' .livesplice.sites 6 X
damaged "length of site" 'format	.livesplice.sites\[0\]' .livesplice.sites 4 '\x04'
damaged "offset of site" 'format	.livesplice.sites\[0\]' .livesplice.sites 0 '\x01'
damaged "symbol of func" 'format	.livesplice.funcs\[0\]' .livesplice.funcs 2 X
damaged "section of func" 'func	target	' .livesplice.funcs 4 '\x01'
damaged "offset of func" 'func	target	' .livesplice.funcs 8 '\x01'
damaged "size of func" 'func	target	' .livesplice.funcs 12 '\x01'
damaged "flags of func" 'format	.livesplice.funcs\[0\]' .livesplice.funcs 16 '\x02'
damaged "kind of const" 'format	.livesplice.consts\[0\]' .livesplice.consts 8 '\x01'
damaged "place of const" 'const	CONSTANT	' .livesplice.consts 4 '\x01'
damaged "strings" 'format	.livesplice.strings\[0\]' .livesplice.strings \
	"$(($(readelf -SW good.ko | sed -n 's/^ *\[ *[0-9]*\] //p' |
		awk '$1 == ".livesplice.strings" { print "0x" $5 }') - 1))" X
damaged "code with another site" 'format	.livesplice.sites' \
	.livesplice.bytes "$((0x$(symbol_field pre.o target 2) + 4))" '\x90'
damaged "name of module" 'format	.modinfo' .modinfo 17 X
damaged "state of unwinder" 'orc	target' .orc_unwind 4 '\x00'

number=$(readelf -sW good.ko | awk '$8 ~ /^__splice/ { print $8; exit }')
objcopy --redefine-sym "$number=__splice.99999" good.ko bad.ko
ok "an import without a row" status 1 '^refuse	import	__splice.99999' verify bad.ko
objcopy --redefine-sym "$number=__splice.0x1" good.ko bad.ko
ok "an import of another form" status 1 '^refuse	import	__splice.0x1' verify bad.ko
objcopy --redefine-sym exported=nowhere good.ko bad.ko
ok "what nobody exports" status 1 '^refuse	import	nowhere' verify bad.ko
objcopy --weaken-symbol=exported good.ko bad.ko
ok "a weak import" status 1 '^refuse	import	exported' verify bad.ko
objcopy --add-section .livesplice.link.flags=fix.patch good.ko bad.ko
ok "a row of diff" status 1 '^refuse	section	.livesplice.link.flags' verify bad.ko
objcopy --set-section-flags .livesplice.sites=alloc good.ko bad.ko
ok "an allocated table" status 1 '^refuse	(section|format)	.livesplice.sites' \
	verify bad.ko

without "a lost table" 'count	__mcount_loc' '/__mcount_loc/,/quad/d'
without "a lost entry" 'count	__mcount_loc' \
	's/^\.section __mcount_loc.*/.section __ex_table,"a",@progbits/'
without "no return site" 'count	.return_sites' '/^\.section .return_sites/,/long/d'
without "no static call site" 'count	.static_call_sites' \
	'/^\.section .static_call_sites/,/long/d'
without "a lost constant" 'count	.livesplice.consts' \
	'/^\.section .livesplice.link.consts/,/long/d'
FLAGS=1 make_module
without "a lost flag" 'count	.livesplice.link.flags' \
	'/^\.section .livesplice.link.flags/,/long/d'

# Whatever is wrong, it ends with a status of its own.
survives() {
	local i size got

	size=$(stat -c %s good.ko)
	for ((i = 0; i < 150; i++)); do
		cp good.ko bad.ko
		# shellcheck disable=SC2059
		printf "\\x$(printf %x $((i * 37 % 256)))" | dd of=bad.ko bs=1 \
			conv=notrunc status=none seek=$((i * 7919 % size))
		got=0
		verify bad.ko > /dev/null 2>&1 || got=$?
		((got <= 1 || got == 3)) || { echo "byte $i: $got"; return 1; }
		got=0
		"$ELF" show bad.ko > /dev/null 2>&1 || got=$?
		((got <= 1 || got == 3)) || { echo "show $i: $got"; return 1; }
	done
}
ok "single bytes changed anywhere" survives

finished
