#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A kernel that takes signed modules only, and is locked down: a signed update does
# what it does elsewhere, one without its signature is refused, and so is one of
# which any section was changed, the proof and the patch included.

. ./functions.sh

U=lsp_waitid
FILE=$LSP_UPDATES/$U.ko
COPY=/tmp/$U.ko
LOCKDOWN=/tmp/security/lockdown
MAGIC="~Module signature appended~"

need_update $U
mkdir -p /tmp/security
mount -t securityfs none /tmp/security
[ -e $LOCKDOWN ] || skip_all "no lockdown in this kernel"

load_copy()
{
	lsp-helper load $COPY
}

# flip OFFSET	another value for one byte of the copy
flip()
{
	flip_byte=$(od -An -tu1 -j "$1" -N 1 $COPY | tr -d ' ')
	# shellcheck disable=SC2059 # an octal number
	printf "\\$(printf %03o $((flip_byte ^ 1)))" |
		dd of=$COPY bs=1 seek="$1" conv=notrunc 2>/dev/null
}

# Sections that can be changed without the kernel saying so: one name a line.
unnoticed()
{
	while read -r name offset size; do
		if [ "$size" -eq 0 ] || [ "$name" = .bss ]; then
			continue
		fi
		cp "$FILE" $COPY
		flip "$offset"
		flip_said=$(load_copy)
		[ "$flip_said" = EKEYREJECTED ] || echo "$name: $flip_said"
	done <"$LSP_UPDATES/$U.sections"
}

plan 18

matches "locked down" "*[[]integrity]*" "$(cat $LOCKDOWN)"
check "only signed modules" grep -qx Y /sys/module/module/parameters/sig_enforce
is "the update is signed" "$MAGIC" "$(tail -c 28 "$FILE")"
check "it has the tables of the proof" grep -q '^.livesplice' "$LSP_UPDATES/$U.sections"

is "as it was" vulnerable "$(probe)"
is "load" ok "$(load $U)"
is "enable" ok "$(switch_on $U)"
is "applied" fixed "$(probe)"
is "disable" ok "$(switch_off $U)"
is "undone" vulnerable "$(probe)"
is "unload" ok "$(unload $U)"

cp "$FILE" $COPY
truncate -s $(($(wc -c <"$FILE") - 28)) $COPY
is "without a signature" EKEYREJECTED "$(load_copy)"
is "whatever section is changed" "" "$(unnoticed)"
cp "$FILE" $COPY
flip 40
is "nor the header" EKEYREJECTED "$(load_copy)"
refuse "nothing is loaded" is_loaded $U
is "nothing in sysfs" features "$(ls $SPLICE)"
cp "$FILE" $COPY
is "the same file, unchanged" "ok ok" "$(load_copy) $(unload $U)"
refuse "no warning" tainted $TAINT_WARN

rm -f $COPY
umount /tmp/security
finish
