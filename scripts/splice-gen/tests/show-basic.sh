#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What `splice-elf show` says of an update, to people and as JSON.

format=$(sed -n 's/^#define LSP_FORMAT_VERSION[^0-9]*//p' \
	"$(dirname "$0")/../../../include/linux/livesplice_format.h")

# shellcheck disable=SC1091
. "$(dirname "$0")/tables-lib.bash"

make_pre
FLAGS=1 make_module
printf 'a "quote", a \\, a\ttab\nand a line\n\xc3\xa4 \xe4\n' > later
silent "$ELF" finish -o out.ko in.ko -s symvers -N fix -R 6.12 -O vmlinux -I "$ID" \
	-D $'two\tfields' -P later -u 0:dir/pre.o:pre.o > /dev/null ||
	{ echo "not ok finish"; exit 1; }

size=$(symbol_field pre.o target 3)
new=$(symbol_field out.ko target.splice 3)
for line in 'update fix' "id $ID" 'description two fields' 'release 6.12' "format $format" \
	    'flags pinned' 'object vmlinux' '  unit dir/pre.o' \
	    "    replaces target ($size bytes, new $new)" 'import hidden' \
	    'const pointer CONSTANT' 'a "quote", a \, a	tab' 'and a line'; do
	ok "text: $line" bash -c "'$ELF' show out.ko | grep -F -x '$line'"
done

"$ELF" show --json out.ko > json
for part in '{"update":"fix","id":"'"$ID"'","description":"two fields","release":"6.12"' \
	    "\"format\":$format,"'"pinned":true,"based":false,"objects":[{"object":"vmlinux"' \
	    '"units":["dir/pre.o"],"functions":[{"name":"target"' \
	    '"unit":"dir/pre.o","change":"replaced"' \
	    "\"size\":$size,\"new_size\":$new}],\"data\":[],\"hooks\":[]}],\"targets\":[]" '"hidden"' \
	    '"consts":[{"name":"CONSTANT","kind":"pointer"}]' \
	    '"patch":"a \"quote\", a \\, a\ttab\nand a line\nä \u00e4\n"}'; do
	ok "JSON: $part" grep -F -e "$part" json
done
ok "JSON is one line" test "$(wc -l < json)" = 1

ok "a module that is no update" status 3 'not a whole update' "$ELF" show in.ko
ok "no argument" status 2 usage "$ELF" show
ok "no such option" status 2 usage "$ELF" show --sesame out.ko

# A fragment must be free for the switch, but has no new code.
sed '/^\.section .livesplice.link.consts/i\
.section .livesplice.link.funcs,"",@progbits\
.quad 0\
.long 0, '"$((16#$(text_of .text))), $((16#$(place_of local)))"', 0, 1, 0' \
	new.s > more.s
as -o in.ko more.s
ok "a fragment" silent finish
ok "a fragment is named as such" status 0 '^    fragment local \(' \
	"$ELF" show out.ko

finished
