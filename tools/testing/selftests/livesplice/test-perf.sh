#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# perf is told of every byte of text that changes: whoever has a copy of the
# text, and does to it what the records say, has what is in memory after each
# operation; and the old bytes of each record are those that were there, so it
# works backwards as well.

. ./functions.sh

U=lsp_eventfd
F=eventfd_read
LIMIT=/sys/module/livesplice/parameters/max_pause_us

need_update $U
[ -e /proc/kcore ] || skip_all "no /proc/kcore"

ADDR=$(awk -v name=$F '$3 == name && !$4 { print $1 }' /proc/kallsyms)

# told WHAT WANTED RECORDS COMMAND...	perf while the command says WANTED
told()
{
	told_what=$1
	told_want=${2:+$2 }"match $3"
	shift 3
	lsp-core pokes "$ADDR" "$@" >/tmp/told 2>&1
	grep '^#' /tmp/told
	is "$told_what" "$told_want" "$(grep -v '^#' /tmp/told | xargs)"
}

switch()
{
	told "$1" "$2" "$3" lsp-helper put "$SPLICE/$U/enabled" "$4"
}

# block FUNCTION	start a sleeper and wait until it is in there
block()
{
	start lsp-helper eventfd-block
	check "a task sleeps in $1" wait_for 5 sleeps_in "$started" "$1"
}

plan 14

is "load" ok "$(load $U)"
told "nothing happens, nothing is told" "" 0 true
# INT3 in the pause, then the jump.
switch "enable" ok 2 1
# The old bytes, still with INT3, and the first of them in the pause.
switch "disable" ok 2 0
switch "enable again" ok 2 1
is "two attempts" ok "$(put "$SPLICE/$U/max_attempts" 2)"

# Seen before anything is written.
block "$F.splice"
switch "disable is busy" EBUSY 0 0
stop_all

# Undo that fails in the pause, which no CPU ends within a microsecond: the entry
# was opened and is closed again, twice; what the jump has left of a PUSH of two
# bytes is told on its own.
limit=$(cat $LIMIT)
is "a limit that no pause keeps" ok "$(put $LIMIT 1)"
switch "disable takes too long" ETIME 6 0
put $LIMIT "$limit" >/dev/null
switch "disable" ok 2 0

# Apply that fails there has written nothing.
put $LIMIT 1 >/dev/null
switch "enable takes too long" ETIME 0 1
put $LIMIT "$limit" >/dev/null
switch "enable" ok 2 1
is "new code runs" 1007 "$(lsp-helper eventfd-value 7)"

finish
