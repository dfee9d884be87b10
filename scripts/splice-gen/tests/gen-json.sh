#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# With --json there is one JSON object on stdout, whatever the end, and the exit
# status is in it if it is an error.

# shellcheck disable=SC1091,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper

# json: what was said last on stdout is one object, in UTF-8.
json() {
	cat "$WORK/stdout"
	awk -f "$HERE/json.awk" "$WORK/stdout" || return
	iconv -f UTF-8 -t UTF-8 "$WORK/stdout" > "$WORK/utf8" || return
	! type -P python3 > /dev/null || python3 -c '
import json, sys
report = json.load(open(sys.argv[1], encoding="utf-8"))
assert isinstance(report, dict) and "update" in report' "$WORK/stdout"
}

# ends STATUS TEXT WHAT COMMAND...: as it must, and so says the object.
ends() {
	local wanted=$1 text=$2 what=$3

	shift 3
	ok "$what: status $wanted" status "$wanted" "$text" "$@" --json
	ok "$what: JSON" json
	case $wanted in
	2|3|4|5)	ok "$what: error" grep -q "\"error\":{\"status\":$wanted,\"text\":\"" "$WORK/stdout" ;;
	*)		ok "$what: no error" bash -c "! grep -q '\"error\":' '$WORK/stdout'" ;;
	esac
}

good=$(patch_of good kernel/sub/one.c 's/x \* PRIVATE/x * PRIVATE + 1/')

ends 0 '"functions":\[\{"name":"first"' "explained" gen --explain "$good"
ok "explained: fields" grep -E -q '^\{"update":"good","objects":\[\{"object":"vmlinux","units":\["kernel/sub/one.o"\],"functions":\[\{"name":"first","change":"replaced","why":"[^"]+".*"data":\[\].*\}\],"modules":\[\].*"seconds":\{.*"total":[0-9.]+\}' "$WORK/stdout"
ends 66 '"modules":\[\]' "nothing to change" \
	gen "$(patch_of comment kernel/sub/one.c '1s,^,/* new */\n,')"
echo "config X" | source_file kernel/Kconfig
ends 1 '"reason":"kconfig","where":"kernel/Kconfig","text":"[^"]+","meaning":"[^"]+","advice":"[^"]+"' \
	"refused" gen "$(patch_of config kernel/Kconfig 's/X/Y/')"

ends 2 '' "no patch" gen
ends 2 '' "unknown option" gen --sesame
ends 2 'cannot be read' "an odd name of a patch" gen $'odd "name"\\\n\x01\xff \xc3\xa4'
ok "what is odd is escaped" grep -F -q 'odd \u0022name\u0022\u005c \u0001\u00ff ä' "$WORK/stdout"
ends 2 '' "an odd name" gen -n $'"\xe2\x82' "$good"
ends 3 'never configured' "no build" gen -O "$TMPDIR" "$good"
ends 3 'splice-elf' "no helper" env SPLICE_ELF=/nowhere "$GEN" -k "$SRC" -O "$OBJ" "$good"
sed 's/x \* PRIVATE;/x * PUBLIC;/' "$good" > "$WORK/misfit.patch"
ends 4 'does not apply' "a misfit" gen "$WORK/misfit.patch"
ends 4 'changes no file' "no patch in the file" gen "$GEN"
ends 5 'does not compile' "a source that does not compile" \
	gen "$(patch_of broken kernel/sub/one.c 's/x \* PRIVATE/x * nowhere/')"
ends 3 'cannot be shown' "no update to show" "$GEN" -O "$OBJ" --show "$good"

# What is in the report, and not only in messages.
printf -- '--- /dev/null\n+++ b/kernel/n\303\244me\n@@ -0,0 +1 @@\n+text\n' > "$WORK/umlaut.patch"
ends 1 '"where":"kernel/näme"' "a name that is not ASCII" gen "$WORK/umlaut.patch"
printf -- '--- /dev/null\n+++ b/kernel/n\344me\n@@ -0,0 +1 @@\n+text\n' > "$WORK/latin.patch"
ends 1 'kernel/n.u00e4me' "a name that is no UTF-8" gen "$WORK/latin.patch"

# A command that nobody foresaw to fail.
mkdir "$WORK/bin"
printf '#!/bin/sh\nexit 7\n' > "$WORK/bin/ln"
chmod +x "$WORK/bin/ln"
ends 3 'failed' "a machine that is broken" env PATH="$WORK/bin:$PATH" "$GEN" -k "$SRC" -O "$OBJ" "$good"

# A word that is not in the table is our own fault.
printf 'refuse\tsesame\tplace\ttext\n' > "$WORK/report"
"$SPLICE_ELF" reasons > "$WORK/reasons"
ok "an unknown reason" status 3 'no such reason: sesame' \
	awk -v json=1 -v name=x -v reasons="$WORK/reasons" -f "${GEN%/*}/report.awk" "$WORK/report"

# A module that is made, where there is a kernel to make one for.
made() {
	"$GEN" -k "$KSRC" -O "$KOBJ" -n made -o "$OUT" -q --json "$WORK/real.patch" \
		> "$WORK/stdout" && json &&
		grep -F -q "\"modules\":[\"$OUT/made.ko\"]" "$WORK/stdout" &&
		"$GEN" -O "$KOBJ" --show "$OUT/made.ko" --json > "$WORK/stdout" && json
}
if [[ -f ${KOBJ-}/vmlinux && -n ${KSRC-} ]]; then
	sed "s/return -1 +/return -2 +/" "$KSRC/lib/hexdump.c" |
		diff -u --label a/lib/hexdump.c --label b/lib/hexdump.c "$KSRC/lib/hexdump.c" - \
		> "$WORK/real.patch"
	ok "a module" made
fi

finish
