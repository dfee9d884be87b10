#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Kprobes anywhere in a function that is replaced, before the update and after
# it: on the bytes of the jump, behind them, as jumps of their own, in the new
# code. And a task that loses its CPU in the detour of such a jump.

. ./functions.sh

U=lsp_cmdline
F=cmdline_proc_show
TRACE=/sys/kernel/tracing
LIST=/sys/kernel/debug/kprobes/list
HERE=/sys/module/lsp_company/parameters
JUMP=9		# behind ENDBR and the tracer's call
BEHIND=14

need_update $U lsp_company
[ -e $TRACE/dynamic_events ] || skip_all "no dynamic events"

word()
{
	cut -d' ' -f1 /proc/cmdline
}

# place FUNCTION OFFSET	its address
place()
{
	printf '%x' $((0x$(awk -v name="$1" '$3 == name { print $1; exit }' /proc/kallsyms) + $2))
}

# probe OFFSET [FUNCTION]	may be one of several
probe()
{
	echo "p:lsp/at$1 ${2-$F}+$1" >>$TRACE/dynamic_events
}

armed()
{
	echo "$1" >$TRACE/events/lsp/enable
}

no_probes()
{
	armed 0 2>/dev/null
	echo >$TRACE/dynamic_events
}

# The offsets at which kprobes takes a probe now: the beginnings of instructions
places()
{
	places_at=$JUMP
	while [ $places_at -lt "$size" ]; do
		probe $places_at 2>/dev/null && echo $places_at
		places_at=$((places_at + 1))
	done
	no_probes
}

# among WORD WORDS
among()
{
	case " $2 " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

# probes OFFSET...
probes()
{
	for probes_at; do
		probe "$probes_at" || return 1
	done
	armed 1
}

# Those that one call has hit, and what it did.
hits()
{
	echo >$TRACE/trace
	hits_word=$(word)
	echo "$(sed -n 's/.*: at\([0-9]*\): .*/\1/p' $TRACE/trace | sort -n | xargs) $hits_word"
}

# optimized FUNCTION OFFSET	has the probe become a jump? kprobes says so before.
optimized()
{
	grep -qE "$1\+0x$(printf %x "$2")[[:space:]].*\[OPTIMIZED\]" "$LIST" || return 1
	place "$1" "$2" >"$HERE/byte"
	[ "$(cat "$HERE/byte")" = e9 ]
}

held()
{
	[ "$(cat "$HERE/held")" -ne 0 ]
}

# in_detour FUNCTION OFFSET SWITCH	is it busy with a task in the detour?
in_detour()
{
	place "$1" "$2" >$HERE/detour
	check "detour: the probe in $1 is a jump" wait_for 30 optimized "$1" "$2"
	put $SPLICE/$U/max_attempts 1 >/dev/null
	start taskset 2 lsp-company lowly cat /proc/cmdline
	check "detour: a task has lost its CPU" wait_for 10 held
	is "detour: is busy" "EBUSY busy" "$($3 $U) $(value $U result)"
	value $U blockers | sed 's/^/# /'
	check "detour: the task is named" grep -q "^$started cat " $SPLICE/$U/blockers
	check "detour: still is in there" held
	wait "$started"
	put $SPLICE/$U/max_attempts 20 >/dev/null
	echo 0 >$HERE/detour
	is "detour: once it has gone" ok "$($3 $U)"
	say "detour in $1: busy, then attempts $(value $U attempts)"
}

old=$(word)
size=$(awk -v name=$F '{ if (found) { if ($1 != start) { print start, $1; exit } }
	else if ($3 == name) { found = 1; start = $1 } }' /proc/kallsyms |
	{ read -r from to; echo $((0x$to - 0x$from)); })
echo 1 >$TRACE/tracing_on
echo 1 >/proc/sys/debug/kprobes-optimization
all=$(places | xargs)
on_jump=$(for at in $all; do [ "$at" -ge $BEHIND ] || echo "$at"; done | xargs)
behind=$(for at in $all; do [ "$at" -lt $BEHIND ] || echo "$at"; done | xargs)

plan $((51 + 3 * $(echo "$on_jump" | wc -w)))

say "$F has $size bytes, instructions from the jump on at: $all"
matches "places on the jump" "$JUMP*" "$on_jump"
# shellcheck disable=SC2086 # a list
check "places behind it" probes $behind
# Not those where it does not come to: behind its end is filling.
behind=$(hits)
behind=${behind% *}
no_probes
matches "that it comes to" "?* ?* ?* ?*" "$behind"
is "load" "ok ok" "$(load $U) $(load lsp_company)"

# On the bytes of the jump.
for at in $on_jump; do
	check "+$at: comes first" probes "$at"
	is "+$at: enable is refused" "EBUSY kprobe" "$(switch_on $U) $(value $U result)"
	is "+$at: sees the old code" "$at $old" "$(hits)"
	no_probes
	say "kprobe at +$at: before, refused: kprobe"
done
is "enable" ok "$(switch_on $U)"
check "+$JUMP: comes second" probes $JUMP
is "+$JUMP: sees the jump" "$JUMP spliced" "$(hits)"
is "+$JUMP: disable is refused" "EBUSY kprobe" "$(switch_off $U) $(value $U result)"
is "+$JUMP: still sees the jump" "$JUMP spliced" "$(hits)"
no_probes
refuse "none in the middle of the jump" probe $((JUMP + 1)) 2>/dev/null
is "disable" "ok $old" "$(switch_off $U) $(word)"
say "kprobe on the jump: after, works; disable refused: kprobe"

# Behind them, all at once.
# shellcheck disable=SC2086 # a list
check "behind: come first" probes $behind
is "behind: all see the old code" "$behind $old" "$(hits)"
is "behind: enable beside them" ok "$(switch_on $U)"
is "behind: none sees a call any more" " spliced" "$(hits)"
is "behind: disable beside them" ok "$(switch_off $U)"
is "behind: all see the old code again" "$behind $old" "$(hits)"
no_probes
say "kprobes in old code: before, work; attempts $(value $U attempts)"
is "enable" ok "$(switch_on $U)"
now=$(places | xargs)
say "instructions as kprobes sees them beside the jump: $now"
both=$(for at in $behind; do among "$at" "$now" && echo "$at"; done | xargs)
only=$(for at in $now; do [ "$at" -lt $BEHIND ] || among "$at" "$all" || echo "$at"; done | xargs)
# shellcheck disable=SC2086 # a list
check "behind: come second" probes $both
is "behind: see no call" " spliced" "$(hits)"
is "behind: disable under them" ok "$(switch_off $U)"
is "behind: see the old code" "$both $old" "$(hits)"
no_probes
is "enable" ok "$(switch_on $U)"
wrong=0
for at in $only; do
	probes "$at"
	answer="$(switch_off $U) $(value $U result)"
	[ "$answer" = "EBUSY kprobe" ] || { say "+$at: $answer"; wrong=$((wrong + 1)); }
	no_probes
done
is "behind: none in an instruction gets through" 0 $wrong
is "disable" "ok $old" "$(switch_off $U) $(word)"
say "kprobes in old code: after, work; in an instruction, refused: kprobe: ${only:-none}"

# One that becomes a jump itself.
for at in $behind; do
	probes "$at"
	wait_for 5 optimized $F "$at" && break
	no_probes
done
check "jump: +$at comes first" optimized $F "$at"
is "jump: enable beside it" "ok  spliced" "$(switch_on $U) $(hits)"
is "jump: disable beside it" "ok $at $old" "$(switch_off $U) $(hits)"
check "jump: still is one" optimized $F "$at"
no_probes
is "jump: enable without it" ok "$(switch_on $U)"
check "jump: comes second" probes "$at"
check "jump: becomes one in code that does not run" wait_for 10 optimized $F "$at"
is "jump: sees no call" " spliced" "$(hits)"
is "jump: disable under it" "ok $at $old" "$(switch_off $U) $(hits)"
no_probes
say "optimised kprobe: before and after, works; attempts $(value $U attempts)"

in_detour $F "$at" switch_on
is "new code" spliced "$(word)"
new=$F.splice
for at in $(seq $BEHIND 60); do
	probe "$at" $new 2>/dev/null && armed 1 && wait_for 3 optimized $new "$at" && break
	no_probes
done
is "new: the probe sees the new code" "$at spliced" "$(hits)"
no_probes
in_detour $new "$at" switch_off
is "old code" "$old" "$(word)"
is "unload" "ok ok" "$(unload lsp_company) $(unload $U)"
refuse "no warning" tainted $TAINT_WARN

finish
