#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Updates with parts for modules: in which order what can be loaded and
# unloaded, what a part is matched against, and that all parts are switched at
# once. binfmt_misc is one object file, overlay several.

. ./functions.sh

U=lsp_binfmt			# for binfmt_misc alone
P=lsp_parts			# for vmlinux, binfmt_misc and overlay
BINFMT=/tmp/binfmt

need_update $U $P
for module in binfmt_misc overlay; do
	[ -e "modules/$module.ko" ] || skip_all "no modules/$module.ko"
done

# overlay needs it, unless it is part of the kernel image.
needed()
{
	[ ! -e modules/exportfs.ko ] || "$1" exportfs
}

part()
{
	load "$1-$2"
}

mount_binfmt()
{
	mkdir -p $BINFMT && mount -t binfmt_misc none $BINFMT
}

binfmt_says()
{
	cat $BINFMT/status
}

mount_overlay()
{
	mkdir -p /tmp/ovl/lower /tmp/ovl/upper /tmp/ovl/work /tmp/ovl/all &&
		mount -t overlay none -o \
		lowerdir=/tmp/ovl/lower,upperdir=/tmp/ovl/upper,workdir=/tmp/ovl/work \
		/tmp/ovl/all
}

overlay_says()
{
	if grep -q '^none /tmp/ovl/all .*userxattr' /proc/mounts; then
		echo userxattr
	else
		echo plain
	fi
}

# The kernel image's part of the change.
proc_says()
{
	awk '$NF == "proc" { print NF == 2 ? "nodev" : "plain" }' /proc/filesystems
}

all_say()
{
	echo "$(proc_says) $(binfmt_says) $(overlay_says)"
}

# objects UPDATE	those of its parts that replace something
objects()
{
	for object in "$SPLICE/$1"/*/; do
		[ ! -e "$object" ] || basename "$object"
	done | xargs
}

used_by()
{
	sed -n "s/^$1 [0-9]* [0-9]* \([^ ]*\) .*/\1/p" /proc/modules
}

# refused WORD WHAT COMMAND...	the log says why
refused()
{
	refused_word=$1 refused_what=$2 refused_errno=$3
	shift 3
	mark_log
	is "$refused_what" "$refused_errno" "$("$@")"
	if ! new_log | grep -q "refused: $refused_word: "; then
		new_log | grep livesplice: | while read -r line; do say "$line"; done
		fail "the log says $refused_word"
	else
		pass "the log says $refused_word"
	fi
}

# life_of_target	from no module at all to its part in use, and back
life_of_target()
{
	is "load the target" ok "$(load_module binfmt_misc)"
	mount_binfmt
	is "load the part" ok "$(part $U binfmt_misc)"
	is "enable" ok "$(switch_on $U)"
	is "new code" disabled "$(binfmt_says)"
	is "disable" ok "$(switch_off $U)"
	is "old code" enabled "$(binfmt_says)"
	is "unload the part" ok "$(unload ${U}_binfmt_misc)"
	umount $BINFMT
	is "unload the target" ok "$(unload binfmt_misc)"
}

plan 90

# In which order parts and targets come.
refused part "a part without the first one" ENOPKG part $U binfmt_misc
is "load the first part" ok "$(load $U)"
is "it changes nothing by itself" "" "$(objects $U)"
is "state without the other part" pending "$(value $U state)"
refused target "a part without its target" ENODEV part $U binfmt_misc
is "load the target" ok "$(load_module binfmt_misc)"
is "enable without the part" ENOPKG "$(switch_on $U)"
is "result" part "$(value $U result)"
mount_binfmt
refused part "a part of another update of this name" ENOPKG \
	lsp-helper load "$LSP_UPDATES/other/$U-binfmt_misc.ko"
is "load the part" ok "$(part $U binfmt_misc)"
is "state with all parts" loaded "$(value $U state)"
check "the function is listed under its module" \
	[ -d "$SPLICE/$U/binfmt_misc/bm_status_read,1" ]
matches "the target is used by the part" "*${U}_binfmt_misc*" "$(used_by binfmt_misc)"
matches "the first part is, too" "*${U}_binfmt_misc*" "$(used_by $U)"
is "loading changes nothing" enabled "$(binfmt_says)"

# In use.
is "enable" ok "$(switch_on $U)"
is "new code" disabled "$(binfmt_says)"
is "state" enabled "$(value $U state)"
is "verify" "ok ok" "$(put "$SPLICE/$U/verify" 1) $(value $U verify)"
is "unload the part while enabled" EAGAIN "$(unload ${U}_binfmt_misc)"
is "unload the first part while enabled" EAGAIN "$(unload $U)"
is "unload the target while enabled" EAGAIN "$(unload binfmt_misc)"

# And back.
is "disable" ok "$(switch_off $U)"
is "old code" enabled "$(binfmt_says)"
is "the target stays as long as the part" EAGAIN "$(unload binfmt_misc)"
is "the first part stays as long as the other" EAGAIN "$(unload $U)"
is "unload the part" ok "$(unload ${U}_binfmt_misc)"
is "state is as it was" pending "$(value $U state)"
refuse "nothing left of the part" [ -e "$SPLICE/$U/binfmt_misc" ]
umount $BINFMT
is "unload the target" ok "$(unload binfmt_misc)"
life_of_target
life_of_target

# Enabled while the target is not there: it must not come without its part.
is "enable without the target" ok "$(switch_on $U)"
is "state" enabled "$(value $U state)"
is "what it waits for" binfmt_misc "$(value $U pending)"
mark_log
is "the target may not come" ENOPKG "$(load_module binfmt_misc)"
check "the log says why" eval "new_log | grep -q '$U: module binfmt_misc is not loaded: part: '"
refused target "nor a part without it" ENODEV part $U binfmt_misc
needed load_module >/dev/null
is "other modules may" ok "$(load_module overlay)"
is "disable" ok "$(switch_off $U)"
is "now it may come" ok "$(load_module binfmt_misc)"

# A target that is not the one that the part was made for.
is "unload it" ok "$(unload binfmt_misc)"
is "load another one of its name" ok "$(load_module binfmt_misc_other)"
refused mismatch "the part does not fit" ENOEXEC part $U binfmt_misc
is "the target is free all the same" ok "$(unload binfmt_misc)"
is "unload the first part" ok "$(unload $U)"
is "unload the other module" ok "$(unload overlay)"

# Three objects, one switch.
is "load the targets" "ok ok" "$(load_module binfmt_misc) $(load_module overlay)"
mount_binfmt
mount_overlay
before=$(all_say)
is "before" "nodev enabled plain" "$before"
is "load all parts" "ok ok ok" \
	"$(load $P) $(part $P overlay) $(part $P binfmt_misc)"
is "the report is three objects" "binfmt_misc overlay vmlinux" \
	"$(objects $P)"
is "enable" ok "$(switch_on $P)"
is "all at once" "plain disabled userxattr" "$(all_say)"
is "a second update of a unit is refused" "ok EEXIST" \
	"$(load $U) $(part $U binfmt_misc)"
is "unload it" ok "$(unload $U)"
is "disable" ok "$(switch_off $P)"
is "all back" "$before" "$(all_say)"
is "enable again" ok "$(switch_on $P)"
is "all again" "plain disabled userxattr" "$(all_say)"
is "disable again" ok "$(switch_off $P)"

# One that is missing keeps all of it from being enabled.
is "unload one part" ok "$(unload ${P}_overlay)"
is "enable without it" ENOPKG "$(switch_on $P)"
is "nothing has changed" "$before" "$(all_say)"
umount /tmp/ovl/all
is "unload its target" ok "$(unload overlay)"
is "enable without both" ok "$(switch_on $P)"
is "the others" "plain disabled plain" "$(all_say)"
is "disable" ok "$(switch_off $P)"
is "unload the parts" "ok ok" "$(unload ${P}_binfmt_misc) $(unload $P)"
umount $BINFMT
is "unload the target" ok "$(unload binfmt_misc)"
needed unload >/dev/null
is "nothing left in sysfs" features "$(ls $SPLICE)"
refuse "no warning" tainted $TAINT_WARN

finish
