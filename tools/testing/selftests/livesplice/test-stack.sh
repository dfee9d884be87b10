#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Updates on top of each other: lsp_stack_b was made with a's patch as its base,
# lsp_stack_c with a's and b's. Each is matched against what the ones below have
# made of the kernel, and falls back to it. See patches/stack.
#
# And why one that was not made so is refused: lsp_seen_a lets a function change what
# the compiler has seen it not to change, and in lsp_seen_b another function, which
# calls it, relies on that. lsp_seen_ba is b with a as its base. See patches/seen.

. ./functions.sh

A=lsp_stack_a
B=lsp_stack_b
C=lsp_stack_c
OTHER=lsp_hexdump
BENCH=lsp_bench
PARAM=/sys/module/$BENCH/parameters

SEEN_A=lsp_seen_a
SEEN_B=lsp_seen_b
SEEN_BA=lsp_seen_ba
TARGET=lsp_kinds
KEEP=/sys/module/$TARGET/parameters/keep

need_update $A $B $C $OTHER $BENCH
need_update $SEEN_A-$TARGET $SEEN_B-$TARGET $SEEN_BA-$TARGET
[ -e modules/$TARGET.ko ] || skip_all "no modules/$TARGET.ko"

# What the functions do now.
now()
{
	echo "$(cat $PARAM/probe) $(cat $PARAM/hex)"
}

verified()
{
	for verified_update; do
		put "$SPLICE/$verified_update/verify" 1 >/dev/null
		value "$verified_update" verify
	done | sort -u
}

# both UPDATE	it and its part for the module
both()
{
	echo "$(load "$1") $(load "$1-$TARGET")"
}

gone()
{
	echo "$(unload "$1_$TARGET") $(unload "$1")"
}

plan 71

is "load the bench" ok "$(load $BENCH)"
is "kernel as it was" "-1 ab" "$(now)"
is "b fits nothing without a" ENOEXEC "$(load $B)"
is "load a" ok "$(load $A)"
is "nor when a is not enabled" ENOEXEC "$(load $B)"
is "a depends on nothing" "" "$(value $A depends)"
is "enable a" ok "$(switch_on $A)"
is "a runs" "16 ab" "$(now)"
is "another update of the unit is refused" EEXIST "$(load $OTHER)"

is "load b" ok "$(load $B)"
is "b depends on a" $A "$(value $B depends)"
is "a cannot be unloaded" EAGAIN "$(unload $A)"
is "a runs still" "16 ab" "$(now)"
first=$(cat $PARAM/count)
is "enable b" ok "$(switch_on $B)"
is "b runs" "17 AB" "$(now)"
second=$(cat $PARAM/count)
check "a's variable goes on counting in b" [ "$second" -gt "$first" ]
is "all is what it must be" ok "$(verified $A $B)"
is "a cannot be disabled before b" EBUSY "$(switch_off $A)"
is "and says why" depends "$(value $A result)"
is "a is still enabled" enabled "$(value $A state)"
is "b runs still" "17 AB" "$(now)"

is "load c" ok "$(load $C)"
is "c depends on both" "$A $B" "$(value $C depends | sort | tr '\n' ' ' | sed 's/ $//')"
is "enable c" ok "$(switch_on $C)"
is "c runs" "117 AB" "$(now)"
is "all is what it must be" ok "$(verified $A $B $C)"
is "b cannot be disabled before c" "EBUSY depends" \
	"$(switch_off $B) $(value $B result)"
is "nor a" EBUSY "$(switch_off $A)"
is "disable c" ok "$(switch_off $C)"
is "b runs again" "17 AB" "$(now)"
is "disable b" ok "$(switch_off $B)"
is "a runs again" "16 ab" "$(now)"
is "all is what it must be" ok "$(verified $A $B $C)"
is "c cannot be enabled without b" "EEXIST base" \
	"$(switch_on $C) $(value $C result)"
is "disable a" ok "$(switch_off $A)"
is "kernel as it was" "-1 ab" "$(now)"
is "all is what it must be" ok "$(verified $A $B $C)"
is "b cannot be enabled without a" "EEXIST base" \
	"$(switch_on $B) $(value $B result)"
is "all three again, without loading them" "ok ok ok" \
	"$(switch_on $A) $(switch_on $B) $(switch_on $C)"
is "c runs" "117 AB" "$(now)"

mark_log
is "and back" "ok ok ok" "$(switch_off $C) $(switch_off $B) $(switch_off $A)"
is "kernel as it was" "-1 ab" "$(now)"
is "unload c and b" "ok ok" "$(unload $C) $(unload $B)"
is "the other update, alone" "ok ok" "$(load $OTHER) $(switch_on $OTHER)"
is "it runs" "16 ab" "$(now)"
is "a cannot be enabled beside it" "EEXIST base" \
	"$(switch_on $A) $(value $A result)"
is "which the log says, with both names" 1 \
	"$(new_log | grep -c "$A: .*unit of $OTHER")"
is "the other one goes" "ok ok" "$(switch_off $OTHER) $(unload $OTHER)"
is "a again, and b from the start" "ok ok ok" \
	"$(switch_on $A) $(load $B) $(switch_on $B)"
is "b runs" "17 AB" "$(now)"
is "an update of another unit comes and goes" "ok ok ok ok" \
	"$(load lsp_personality) $(switch_on lsp_personality) $(switch_off lsp_personality) $(unload lsp_personality)"
is "b and a go" "ok ok ok ok" \
	"$(switch_off $B) $(unload $B) $(switch_off $A) $(unload $A)"
is "kernel as it was" "-1 ab" "$(now)"

is "load the target" ok "$(load_module $TARGET)"
seen=$(cat $KEEP)
is "what a caller relies on, alone" "ok ok ok" "$(both $SEEN_B) $(switch_on $SEEN_B)"
is "is so" $((seen + 1000)) "$(cat $KEEP)"
is "it goes" "ok ok ok" "$(switch_off $SEEN_B) $(gone $SEEN_B)"
is "what makes it untrue" "ok ok ok" "$(both $SEEN_A) $(switch_on $SEEN_A)"
is "is seen by the callers of its own update" $((seen + 100)) "$(cat $KEEP)"
mark_log
is "the caller that still relies on it is refused" "ok EEXIST" "$(both $SEEN_B)"
check "with both names" eval "new_log | grep -q '$SEEN_B: .*a unit of $SEEN_A, which'"
check "and its reason" eval "new_log | grep -q '${SEEN_B}_$TARGET: refused: base: '"
is "nothing has changed" "ok $((seen + 100))" "$(unload $SEEN_B) $(cat $KEEP)"
is "made on top of it" "ok ok ok" "$(both $SEEN_BA) $(switch_on $SEEN_BA)"
is "it has both" $((seen + 1100)) "$(cat $KEEP)"
is "and they go" "ok ok ok ok ok ok" \
	"$(switch_off $SEEN_BA) $(gone $SEEN_BA) $(switch_off $SEEN_A) $(gone $SEEN_A)"
is "the module as it was" "$seen" "$(cat $KEEP)"
is "unload the target" ok "$(unload $TARGET)"

is "unload the bench" ok "$(unload $BENCH)"
check "nothing is left" [ -z "$(ls -d $SPLICE/lsp_* 2>/dev/null)" ]
refuse "no warning since boot" tainted $TAINT_WARN

finish
