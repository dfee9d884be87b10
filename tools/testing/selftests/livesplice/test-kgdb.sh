#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Breakpoints of kgdb on a function that is replaced, before the update and after
# it: on the bytes of the jump, in the old code, in the new code. Each keeps a
# switch out as long as it stands there, and none comes to stand in the middle of
# a jump.

. ./functions.sh

U=lsp_cmdline
F=cmdline_proc_show
DEBUGGER=/sys/module/lsp_debugger/parameters
JUMP=9		# behind ENDBR and the tracer's call
LEFT=14		# of the last instruction that the jump covers
BEHIND=17

need_update $U lsp_debugger

word()
{
	cut -d' ' -f1 /proc/cmdline
}

# address FUNCTION OFFSET
address()
{
	printf '%x' $((0x$(awk -v name="$1" '$3 == name { print $1; exit }' /proc/kallsyms) + $2))
}

breakpoint()
{
	put $DEBUGGER/set "$1"
}

clear()
{
	put $DEBUGGER/clear "$1"
}

hits()
{
	cat $DEBUGGER/hits
}

plan 38

old=$(word)
jump=$(address $F $JUMP)
middle=$(address $F $((JUMP + 2)))
left=$(address $F $LEFT)
behind=$(address $F $BEHIND)
is "load" "ok ok" "$(load lsp_debugger) $(load $U)"

# Before the update.
is "on the jump: comes first" ok "$(breakpoint "$jump")"
is "on the jump: enable is refused" "EBUSY kgdb" "$(switch_on $U) $(value $U result)"
is "on the jump: is hit" "$old 1" "$(word) $(hits)"
is "on the jump: enable without it" "ok spliced" "$(switch_on $U) $(word)"
is "disable" "ok $old" "$(switch_off $U) $(word)"
is "in old code: comes first" ok "$(breakpoint "$behind")"
is "in old code: enable is refused" "EBUSY kgdb" "$(switch_on $U) $(value $U result)"
is "in old code: unload" ok "$(unload $U)"
mark_log
is "in old code: load is refused" EBUSY "$(load $U)"
check "in old code: by its own word" eval "new_log | grep -q 'refused: kgdb'"
new_log | sed -n 's/.*\(livesplice: .*\)/# \1/p'
is "in old code: goes" "ok ok" "$(clear "$behind") $(load $U)"
is "in old code: enable without it" "ok spliced" "$(switch_on $U) $(word)"
say "kgdb: before, refused: kgdb; without it attempts $(value $U attempts)"

# After it.
is "in the middle of the jump: is refused" EINVAL "$(breakpoint "$middle")"
is "in what it has left: is refused" EINVAL "$(breakpoint "$left")"
is "nothing has changed" "spliced 1" "$(word) $(hits)"
is "on the jump: comes second" ok "$(breakpoint "$jump")"
is "on the jump: disable is refused" "EBUSY kgdb" "$(switch_off $U) $(value $U result)"
is "on the jump: is hit, and leads to the new code" "spliced 2" "$(word) $(hits)"
is "in old code: comes second" ok "$(breakpoint "$behind")"
is "in old code: is not hit" "spliced 2" "$(word) $(hits)"
is "in old code: disable is refused" "EBUSY kgdb" "$(switch_off $U) $(value $U result)"
is "in old code: goes" ok "$(clear "$behind")"
is "disable" "ok $old" "$(switch_off $U) $(word)"
say "kgdb: after, works on the jump; disable refused: kgdb; without it attempts $(value $U attempts)"

# In new code.
new=$(address $F.splice $JUMP)
is "in new code: comes first" ok "$(breakpoint "$new")"
is "in new code: enable is refused" "EBUSY kgdb" "$(switch_on $U) $(value $U result)"
is "in new code: goes" ok "$(clear "$new")"
is "in new code: enable without it" "ok spliced" "$(switch_on $U) $(word)"
is "in new code: comes second" ok "$(breakpoint "$new")"
is "in new code: is hit" "spliced 3" "$(word) $(hits)"
is "in new code: comes again" ok "$(breakpoint "$new")"
is "in new code: disable under it" "ok $old" "$(switch_off $U) $(word)"
is "in new code: goes again" ok "$(clear "$new")"
is "enable and disable" "ok spliced ok" "$(switch_on $U) $(word) $(switch_off $U)"
is "verify" "ok ok" "$(put $SPLICE/$U/verify 1) $(value $U verify)"
is "unload" "ok ok" "$(unload $U) $(unload lsp_debugger)"
is "all is as it was" "$old" "$(word)"
refuse "no warning" tainted $TAINT_WARN

finish
