#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# verify: a byte that somebody else has changed is found and named by function
# and block, in old code, at the entry, in new code and in read-only data; with
# the old code changed nothing is switched, with the new code changed it is not
# put in use. What the kernel itself rewrites is no change.

. ./functions.sh

U=lsp_waitid
# What its patch changes; clang has made one function of two.
F=__do_sys_waitid
grep -q " $F\$" /proc/kallsyms || F=__se_sys_waitid
# It can be traced, the other one cannot.
V=lsp_cmdline
G=cmdline_proc_show
D=lsp_table
# It has a static branch, static calls and lock prefixes.
T=lsp_traced
# It has several blocks, and no code that handles faults: a probe may be a jump.
W=lsp_eventfd
E=eventfd_read
# For a module.
M=lsp_binfmt
INTRUDER=/sys/module/lsp_intruder/parameters
TRACE=/sys/kernel/tracing
PROBES=/sys/kernel/debug/kprobes/list

need_update $U $V $D $W $T $M lsp_intruder

# at NAME	its address
at()
{
	awk -v name="$1" '$3 == name { print $1 }' /proc/kallsyms | head -n 1
}

# flip NAME OFFSET
flip()
{
	put $INTRUDER/flip "$(at "$1") $2" >/dev/null
}

# look NAME	its first bytes
look()
{
	put $INTRUDER/look "$(at "$1") 0" >/dev/null
	cat $INTRUDER/look
}

# verify UPDATE	what it says
verify()
{
	put "$SPLICE/$1/verify" 1 >/dev/null
	value "$1" verify
}

# Is what verify has said told in the log as well?
told()
{
	new_log | grep -qF "livesplice: $U: $1"
}

# stays WHEN OFFSET WHERE STATE LOG SWITCH	F is changed at OFFSET: that is found
# WHERE, and SWITCH is refused with LOG
stays()
{
	flip $F "$2"
	is "$1: found" "$3" "$(verify $U)"
	stays_entry=$(look $F)
	mark_log
	is "$1: refused" EBUSY "$("$6" $U)"
	is "$1: why" "changed $4" "$(value $U result) $(value $U state)"
	check "$1: the log says where" told "$5"
	is "$1: nothing was written" "$stays_entry" "$(look $F)"
	flip $F "$2"
	is "$1: put back" ok "$(verify $U)"
}

# A probe that is a jump into the next block: at the first place of E that can have
# one. Prints where it is.
probe_across()
{
	for probe_at in 60 61 62 63 124 125 126 127 188 189 190 191 252 253 254 255 \
		316 317 318 319 380 381 382 383 444 445 446 447; do
		{ echo "p:lsp/across $E+$probe_at" >$TRACE/kprobe_events; } 2>/dev/null ||
			continue
		echo 1 >$TRACE/events/lsp/across/enable
		if wait_for 1 grep -q "$E+.*OPTIMIZED" $PROBES; then
			echo "$probe_at"
			return
		fi
		probe_off
	done
}

probe_off()
{
	echo 0 >$TRACE/events/lsp/across/enable
	echo >$TRACE/kprobe_events
}

plan 79

is "load the intruder" ok "$(load lsp_intruder)"
before=$(look $F)
# The jump is behind ENDBR, if it has that, and behind the tracer's NOP: what gcc makes
# of it cannot be traced, what clang does can.
site=0x0
case $before in
"f3 0f 1e fa 0f 1f 44 00 00 "*) site=0x9 ;;
"f3 0f 1e fa "*) site=0x4 ;;
"0f 1f 44 00 00 "*) site=0x5 ;;
esac
is "load" ok "$(load $U)"
is "verify" ok "$(verify $U)"

stays "loaded, body" 0x47 $F+0x40 loaded "vmlinux $F has changed at +0x40" switch_on
stays "loaded, last block" 0x100 $F+0x100 loaded "vmlinux $F has changed at +0x100" switch_on
stays "loaded, entry" $site $F+$site loaded "changed: the entry of $F has changed" switch_on

is "enable" ok "$(switch_on $U)"
refuse "the entry is another one" [ "$(look $F)" = "$before" ]
stays "enabled, body" 0x47 $F+0x40 enabled "vmlinux $F has changed at +0x40" switch_off
stays "enabled, jump" $site $F+$site enabled "changed: the entry of $F has changed" switch_off
stays "enabled, tail of the jump" $((site + 3)) $F+$site enabled \
	"changed: the entry of $F has changed" switch_off
is "still in use" fixed "$(probe)"

flip $F.splice 0x47
is "new code: found" $F.splice+0x40 "$(verify $U)"
is "new code: undo is possible" ok "$(switch_off $U)"
is "new code: still found" $F.splice+0x40 "$(verify $U)"
mark_log
is "new code: not put in use" "EBUSY changed" "$(switch_on $U) $(value $U result)"
check "new code: the log says where" told "new code has changed at $F.splice+0x40"
is "new code: old code is untouched" "$before" "$(look $F)"
flip $F.splice 0x47
is "new code: put back" "ok ok" "$(verify $U) $(switch_on $U)"

is "disable and unload" "ok ok" "$(switch_off $U) $(unload $U)"

is "load one that can have a probe" ok "$(load $W)"
where=$(probe_across)
say "a probe at $E+$where"
check "a probe across two blocks" [ -n "$where" ]
is "is no change" ok "$(verify $W)"
probe_off
is "nor when it is gone" ok "$(verify $W)"
is "unload it" ok "$(unload $W)"

is "load one that can be traced" "ok ok" "$(load $V) $(switch_on $V)"
echo "$G $G.splice" | tr ' ' '\n' >$TRACE/set_ftrace_filter
echo function >$TRACE/current_tracer
check "both versions are traced" grep -q "^$G.splice" $TRACE/enabled_functions
is "a tracer is no change" ok "$(verify $V)"
echo nop >$TRACE/current_tracer
echo >$TRACE/set_ftrace_filter
is "nor when it is gone" ok "$(verify $V)"
is "disable it" ok "$(switch_off $V)"

is "load one with a tracepoint" "ok ok" "$(load $T) $(switch_on $T)"
off=$(look kthread_stop.splice)
echo 1 >$TRACE/events/sched/sched_kthread_stop/enable
refuse "the kernel rewrites its branch" [ "$(look kthread_stop.splice)" = "$off" ]
is "a tracepoint is no change" ok "$(verify $T)"
echo 0 >$TRACE/events/sched/sched_kthread_stop/enable
is "nor when it is off" ok "$(verify $T)"
is "disable and unload" "ok ok" "$(switch_off $T) $(unload $T)"

is "load one for a module" "ok ok ok" \
	"$(load $M) $(load_module binfmt_misc) $(load $M-binfmt_misc)"
flip bm_status_read 0x20
is "module: found" bm_status_read+0x0 "$(verify $M)"
is "module: not switched" "EBUSY changed" "$(switch_on $M) $(value $M result)"
flip bm_status_read 0x20
flip bm_status_read.splice 0x20
is "module: found in new code" bm_status_read.splice+0x0 "$(verify $M)"
flip bm_status_read.splice 0x20
is "module: put back and unload" "ok ok ok ok" \
	"$(verify $M) $(unload ${M}_binfmt_misc) $(unload $M) $(unload binfmt_misc)"

is "load one of a table" ok "$(load $D)"
# Padding of its first element.
flip tgid_base_stuff 0xf
is "table: found" tgid_base_stuff+0xf "$(verify $D)"
is "table: not switched" "EBUSY changed" "$(switch_on $D) $(value $D result)"
flip tgid_base_stuff 0xf
flip proc_tgid_base_readdir 0xa
is "table: found in who reads it" proc_tgid_base_readdir+0x0 "$(verify $D)"
flip proc_tgid_base_readdir 0xa
is "table: put back" "ok ok" "$(verify $D) $(switch_on $D)"
is "disable and unload" "ok ok ok" "$(switch_off $D) $(unload $D) $(unload $V)"
is "the kernel is as before" "$before vulnerable" "$(look $F) $(probe)"
is "unload the intruder" ok "$(unload lsp_intruder)"
refuse "no warning since boot" tainted $TAINT_WARN

finish
