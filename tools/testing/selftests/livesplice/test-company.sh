#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Who else watches a function that is replaced: tracers, probes, BPF, direct
# calls. Each of them before the update and after it, while it is enabled and
# disabled, and when it goes. Always is each call seen, and does what it should.
# Who sends callers elsewhere, as a livepatch does, keeps the update out, or is
# kept out by it. At the end the tracer still works.

. ./functions.sh

U=lsp_cmdline
F=cmdline_proc_show
TRACE=/sys/kernel/tracing
HERE=/sys/module/lsp_company/parameters
KLP=/sys/kernel/livepatch/lsp_overrule
FENTRY=4	# where the tracer's call is, behind the ENDBR

need_update $U lsp_company lsp_overrule
[ -e $TRACE/dynamic_events ] || skip_all "no dynamic events"

word()
{
	cut -d' ' -f1 /proc/cmdline
}

address()
{
	awk -v name="$1" '$3 == name { print $1; exit }' /proc/kallsyms
}

traced()
{
	grep -c "$1" $TRACE/trace
}

event()
{
	echo "$1" >"$TRACE"/dynamic_events && echo 1 >"$TRACE"/events/lsp/beside/enable
}

tracer()
{
	echo "$F" >"$TRACE"/set_ftrace_filter && echo "$1" >"$TRACE"/current_tracer
}

bpf()
{
	rm -f /tmp/bpf
	lsp-company bpf "$1" "$F" >/tmp/bpf 2>&1 &
	bpf=$!
	background="$background $bpf"
	wait_for 10 grep -qs attached /tmp/bpf || { cat /tmp/bpf; return 1; }
}

runs()
{
	sed -n 's/^run_cnt:[^0-9]*//p' "/proc/$bpf/fdinfo/9"
}

here()
{
	echo "$2" >"$HERE/$1"
}

# The neighbours: how each comes, how many calls it has seen since the last
# reset, and how it goes.
come()
{
	case $1 in
	function) tracer function ;;
	function_graph) tracer function_graph ;;
	kprobe) event "p:lsp/beside $F" ;;
	kretprobe) event "r:lsp/beside $F" ;;
	fprobe) event "f:lsp/beside $F" ;;
	fprobe-return) event "f:lsp/beside $F%return" ;;
	bpf-*) bpf "${1#bpf-}" ;;
	direct-*) here "${1#direct-}" "$addr" ;;
	post-handler) here post "$addr" ;;
	esac
}

reset()
{
	echo >$TRACE/trace
	here hits 0
	case $1 in
	bpf-*) base=$(runs) ;;
	esac
}

seen()
{
	case $1 in
	function) traced ": $F <-" ;;
	function_graph) traced " $F()" ;;
	kprobe | kretprobe | fprobe | fprobe-return) traced "beside:" ;;
	bpf-*) echo $(($(runs) - base)) ;;
	*) cat $HERE/hits ;;
	esac
}

go()
{
	case $1 in
	function*) echo nop >$TRACE/current_tracer; echo >$TRACE/set_ftrace_filter ;;
	bpf-*) kill "$bpf"; wait "$bpf" 2>/dev/null ;;
	direct-*) here "${1#direct-}" 0 ;;
	post-handler) here post 0 ;;
	*) echo 0 >$TRACE/events/lsp/beside/enable; echo >$TRACE/dynamic_events ;;
	esac
}

# call NEIGHBOUR	the calls that it has seen of one, and what that did
call()
{
	reset "$1"
	call_word=$(word)
	echo "$(seen "$1") $call_word"
}

# Both count attempts.
on()
{
	answer=$(switch_on $U)
	attempts=$((attempts + $(value $U attempts)))
}

off()
{
	answer=$(switch_off $U)
	attempts=$((attempts + $(value $U attempts)))
}

# both_orders NEIGHBOUR [OLD NEW]	what the function does with it there
both_orders()
{
	who=$1 beside_old=${2-$old} beside_new=${3-spliced}
	attempts=0
	check "$who: comes first" come "$who"
	is "$who: sees the old code" "1 $beside_old" "$(call "$who")"
	on
	is "$who: enable beside it" "ok 1 $beside_new" "$answer $(call "$who")"
	off
	is "$who: disable beside it" "ok 1 $beside_old" "$answer $(call "$who")"
	go "$who"
	on
	is "$who: enable without it" "ok spliced" "$answer $(word)"
	check "$who: comes second" come "$who"
	is "$who: sees the new code" "1 $beside_new" "$(call "$who")"
	go "$who"
	is "$who: goes" spliced "$(word)"
	check "$who: comes again" come "$who"
	off
	is "$who: disable under it" "ok 1 $beside_old" "$answer $(call "$who")"
	go "$who"
	is "$who: has gone" "$old" "$(word)"
	say "$who: before and after, works beside; attempts $attempts for 4 switches"
}

livepatch_settled()
{
	[ ! -e "$KLP" ] || [ "$(cat "$KLP/transition")" = 0 ]
}

livepatch_off()
{
	echo 0 >"$KLP/enabled"
	wait_for 30 [ ! -e "$KLP" ] && wait_for 10 unload lsp_overrule >/dev/null
}

NEIGHBOURS="function function_graph kprobe kretprobe fprobe fprobe-return
	bpf-kprobe bpf-kreturn bpf-multi bpf-multireturn
	direct-before direct-around post-handler"

# 6.1 makes no events of fprobes.
neighbours=$NEIGHBOURS
grep -q 'f\[:' $TRACE/README || neighbours=$(echo "$NEIGHBOURS" | sed 's/fprobe-return//; s/ fprobe / /')

# shellcheck disable=SC2086 # a list
set -- $neighbours
plan $((($# + 1) * 11 + 32))

old=$(word)
addr=$(address $F)
echo 1 >$TRACE/tracing_on
echo 1 >/proc/sys/kernel/bpf_stats_enabled
is "load" "ok ok" "$(load $U) $(load lsp_company)"
for neighbour in $neighbours; do
	both_orders "$neighbour"
done
# What a program says instead of the function, it says instead of the new one.
both_orders direct-instead "" ""

# Callers are sent elsewhere: nothing would change.
is "livepatch: comes first" ok "$(load lsp_overrule)"
check "livepatch: settles" wait_for 60 livepatch_settled
is "livepatch: is what is called" livepatched "$(word)"
is "livepatch: enable is refused" "EBUSY livepatch" "$(switch_on $U) $(value $U result)"
is "livepatch: nothing has changed" "livepatched loaded" "$(word) $(value $U state)"
check "livepatch: goes" livepatch_off
is "livepatch: enable without it" "ok spliced" "$(switch_on $U) $(word)"
say "livepatch: before, refused: livepatch"
mark_log
is "livepatch: is refused beside the update" EBUSY "$(load lsp_overrule)"
new_log | sed -n 's/.*\(livepatch: .*\)/# \1/p'
is "livepatch: nothing has changed again" "spliced enabled" "$(word) $(value $U state)"
is "livepatch: verify" "ok ok" "$(put $SPLICE/$U/verify 1) $(value $U verify)"
is "livepatch: disable" "ok $old" "$(switch_off $U) $(word)"
is "livepatch: comes when the update is disabled" ok "$(load lsp_overrule)"
check "livepatch: settles once more" wait_for 60 livepatch_settled
is "livepatch: is called" livepatched "$(word)"
check "livepatch: goes at last" livepatch_off
is "livepatch: has gone" "$old" "$(word)"
say "livepatch: after, refused by livepatch"

# Another handler that does so cannot be kept out, but does no harm.
check "handler: comes first" here divert "$addr"
is "handler: is what is called" diverted "$(word)"
is "handler: enable is refused" "EBUSY livepatch" "$(switch_on $U) $(value $U result)"
here divert 0
is "handler: enable without it" "ok spliced" "$(switch_on $U) $(word)"
check "handler: comes second" here divert "$addr"
is "handler: has the last word" diverted "$(word)"
is "handler: verify tells" "ok $F+0x$FENTRY" "$(put $SPLICE/$U/verify 1) $(value $U verify)"
here divert 0
is "handler: goes" spliced "$(word)"
check "handler: comes again" here divert "$addr"
is "handler: disable under it" "ok diverted" "$(switch_off $U) $(word)"
here divert 0
is "handler: has gone" "$old" "$(word)"
say "handler: before, refused: livepatch; after, verify tells"

check "the tracer still works" tracer function
is "and sees all calls" "1 $old" "$(call function)"
go function
is "unload" "ok ok" "$(unload lsp_company) $(unload $U)"
refuse "no warning" tainted $TAINT_WARN

finish
