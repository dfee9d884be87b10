#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Other users of a function's entry, before, while and after it is replaced:
# the function tracer and kprobes keep seeing every call under the old name,
# and the call does what it should. A kprobe on the very bytes of the jump
# keeps the update out.

. ./functions.sh

U=lsp_cmdline
F=cmdline_proc_show
TRACE=/sys/kernel/tracing

need_update $U
[ -e $TRACE/kprobe_events ] || skip_all "no kprobe events"

word()
{
	cut -d' ' -f1 /proc/cmdline
}

# Calls the function once and prints how often the tracer saw it.
seen()
{
	echo >$TRACE/trace
	word >/dev/null
	grep -c "$1" $TRACE/trace
}

tracer_on()
{
	echo $F >$TRACE/set_ftrace_filter
	echo function >$TRACE/current_tracer
}

tracer_off()
{
	echo nop >$TRACE/current_tracer
	echo >$TRACE/set_ftrace_filter
}

probe_on()
{
	echo "p:lsp/entry $1" >"$TRACE"/kprobe_events &&
		echo 1 >"$TRACE"/events/lsp/entry/enable
}

probe_off()
{
	echo 0 >$TRACE/events/lsp/entry/enable
	echo >$TRACE/kprobe_events
}

# both_see WHEN WANTED
both_see()
{
	tracer_on
	is "$1: function tracer" 1 "$(seen ": $F <-")"
	is "$1: behaviour while traced" "$2" "$(word)"
	tracer_off
	check "$1: kprobe can be set" probe_on $F
	is "$1: kprobe" 1 "$(seen "entry:")"
	is "$1: behaviour while probed" "$2" "$(word)"
	probe_off
}

plan 34

old=$(word)
echo 1 >$TRACE/tracing_on
is "load" ok "$(load $U)"
both_see "before" "$old"
is "enable" ok "$(switch_on $U)"
both_see "replaced" spliced
is "disable" ok "$(switch_off $U)"
both_see "after" "$old"

# Switched while they are there.
tracer_on
is "enable under the tracer" ok "$(switch_on $U)"
is "tracer sees the call" 1 "$(seen ": $F <-")"
is "new behaviour" spliced "$(word)"
is "disable under the tracer" ok "$(switch_off $U)"
is "tracer sees the old one" 1 "$(seen ": $F <-")"
tracer_off
check "kprobe at the entry" probe_on $F
is "enable under the kprobe" ok "$(switch_on $U)"
is "kprobe sees the call" 1 "$(seen "entry:")"
is "new behaviour under the kprobe" spliced "$(word)"
is "disable under the kprobe" ok "$(switch_off $U)"
probe_off

# ENDBR (4) and the fentry site (5): the jump's first byte.
check "kprobe where the jump goes" probe_on $F+9
is "enable is refused" EBUSY "$(switch_on $U)"
is "because of the probe" kprobe "$(value $U result)"
is "nothing changed" "$old" "$(word)"
probe_off
is "free again" ok "$(switch_on $U)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
