#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# /sys/kernel/splice against its documentation: every file there is, no other,
# with its mode; what may be written, by whom; what is refused.

. ./functions.sh

U=lsp_cmdline
ABI=./sysfs-kernel-splice

# The modes of design and documentation, one place in the tests.
MODES="
features 444
NAME/attempts 444
NAME/blockers 400
NAME/depends 444
NAME/description 444
NAME/enabled 644
NAME/hooks_ns 444
NAME/late 644
NAME/max_attempts 644
NAME/nudge 644
NAME/pending 444
NAME/pause_ns 444
NAME/replaces 444
NAME/result 444
NAME/retry_ms 644
NAME/state 444
NAME/verify 644
"

need_update $U
[ -e $ABI ] || ABI=../../../../Documentation/ABI/testing/sysfs-kernel-splice

# What is there: path and mode of every file.
files_found()
{
	(cd $SPLICE && find . -type f -exec stat -c '%n %a' {} +) |
		sed -e 's,^\./,,' -e "s,^$U/,NAME/," | sort
}

# What the documentation names, as paths of files.
files_documented()
{
	sed -n 's,^What:[[:space:]]*/sys/kernel/splice/,,p' $ABI |
		sed -e 's,^<[a-z]*>,NAME,' | grep -v '[<,]' | grep -v '^NAME/*$' | sort
}


# put_without FILE TEXT		as root, but without CAP_SYS_MODULE
put_without()
{
	lsp-helper dropcap lsp-helper put "$SPLICE/$U/$1" "$2"
}

plan 39

is "load" ok "$(load $U)"
is "files and modes" "$(echo "$MODES" | grep . | sort)" "$(files_found)"
is "documentation names the same files" \
	"$(echo "$MODES" | grep . | cut -d' ' -f1 | sort)" "$(files_documented)"
is "directory of the function" "cmdline_proc_show,1" "$(ls $SPLICE/$U/vmlinux)"
is "description" "proc: Start the command line with another word" \
	"$(value $U description)"
is "one line each" "1 1 1" \
	"$(for f in state result enabled; do value $U $f | wc -l; done | tr '\n' ' ' | sed 's/ $//')"
is "no pause before the first attempt" 0 "$(value $U pause_ns)"
check "features are told" grep -q . $SPLICE/features

for text in 2 -1 maybe "" "1 1" 999999999999999999999 "$(printf '%200s' 1)"; do
	is "enabled refuses '$(echo "$text" | cut -c1-20 | tr -s ' ')'" \
		EINVAL "$(put $SPLICE/$U/enabled "$text")"
done
is "rubbish changed nothing" "0 loaded" "$(value $U enabled) $(value $U state)"
for file in max_attempts retry_ms; do
	old=$(value $U $file)
	is "$file refuses words" EINVAL "$(put $SPLICE/$U/$file many)"
	matches "$file refuses what is too large" "E*" \
		"$(put $SPLICE/$U/$file 99999999999999999999)"
	is "$file is as before" "$old" "$(value $U $file)"
	is "$file takes a number" ok "$(put $SPLICE/$U/$file 7)"
	is "$file keeps it" 7 "$(value $U $file)"
done
is "max_attempts refuses none at all" ERANGE "$(put $SPLICE/$U/max_attempts 0)"

is "enabled wants CAP_SYS_MODULE" EPERM "$(put_without enabled 1)"
is "max_attempts wants it" EPERM "$(put_without max_attempts 3)"
is "retry_ms wants it" EPERM "$(put_without retry_ms 3)"
is "nudge wants it" EPERM "$(put_without nudge none)"
is "late wants it" EPERM "$(put_without late allow)"
is "verify wants it" EPERM "$(put_without verify 1)"
is "without it nothing changed" "loaded 7 7" \
	"$(value $U state) $(value $U max_attempts) $(value $U retry_ms)"
is "reading does not" loaded "$(lsp-helper dropcap cat $SPLICE/$U/state)"
is "with it, it works" ok "$(switch_on $U)"
is "verify can be asked" ok "$(put $SPLICE/$U/verify 1)"
is "and the text is what it must be" ok "$(value $U verify)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
