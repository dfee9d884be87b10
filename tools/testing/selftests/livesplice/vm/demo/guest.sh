#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The part of `make demo` that runs in the guest (see ../demo.sh): one update
# from insmod to rmmod, with what the machine does before, meanwhile and after.
# Lines that begin with @@demo are for the host.

# shellcheck source=../../functions.sh
. ./functions.sh
# shellcheck disable=SC1091 # made by demo.sh: NAME and PROBE
. ./demo.env

UPDATE=$SPLICE/$NAME

# What the machine does, in one word: the probe's first line, or else the
# state of the update.
behaviour()
{
	if [ -n "$PROBE" ]; then
		sh -c "$PROBE" 2>&1 | head -n 1 | tr ' \t' '__'
	elif [ -e "$UPDATE/state" ]; then
		cat "$UPDATE/state"
	else
		echo absent
	fi
}

# The command as a user would see it, and its output.
show()
{
	echo
	echo "# $*"
	"$@"
}

give_up()
{
	echo "demo: $1"
	dmesg | grep livesplice: | tail -n 10
	exit 1
}

forks()
{
	awk '/^processes/ { print $2 }' /proc/stat
}

enable_by_echo()
{
	echo
	echo "# echo $1 > $UPDATE/enabled"
	echo "$1" >"$UPDATE/enabled" && return
	echo "result: $(cat "$UPDATE/result")"
	cat "$UPDATE/blockers"
	give_up "the switch was refused"
}

# load_did N	has it started N processes more than at $load_then?
load_did()
{
	[ $(($(forks) - load_then)) -ge "$1" ]
}

# The load goes on over the switch: work done before and after proves it.
switch_under_load()
{
	start_load
	sleep 1
	load_then=$(forks)
	enable_by_echo 1
	after=$(behaviour)
	load_seen=$(($(forks) - load_then))
	wait_for 20 load_did $((load_seen + 20)) || give_up "the load stopped"
	echo "(meanwhile the machine started $(($(forks) - load_then)) processes)"
}

uname -srv
before=$(behaviour)
echo "before: $before"

show insmod "./$NAME.ko" || give_up "insmod failed"
show ls -R "$UPDATE"
echo
echo "description: $(cat "$UPDATE/description")"

switch_under_load
echo "after: $after"
pause=$(cat "$UPDATE/pause_ns")
echo "state: $(cat "$UPDATE/state"), attempts: $(cat "$UPDATE/attempts"), pause: $pause ns"

enable_by_echo 0
stop_all
show rmmod "$NAME" || give_up "rmmod failed"
undone=$(behaviour)
echo "undone: $undone"
echo
dmesg | grep livesplice: | tail -n 5
echo "@@demo pause_ns=$pause before=$before after=$after undone=$undone"
