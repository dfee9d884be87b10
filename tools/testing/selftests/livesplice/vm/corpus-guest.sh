#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The part of `make corpus` that runs in the guest (see corpus.sh): every
# update of updates/ from insmod to rmmod, with a look at the machine's health
# in between. One line per update for the host:
#	@@corpus NAME load enable health disable unload probe-before -after -undone
# with "ok", "-" (not reached) or the error.

# shellcheck source=../functions.sh
. ./functions.sh

# healthy	processes, files, pipes, memory and the network still work
healthy()
{
	mkdir /tmp/health && cp /bin/busybox /tmp/health/copy &&
		cmp /bin/busybox /tmp/health/copy &&
		[ "$(seq 1 200 | while read -r n; do echo "$n"; done | wc -l)" -eq 200 ] &&
		dd if=/dev/zero of=/tmp/health/big bs=1M count=16 2>/dev/null &&
		ping -c 1 -W 5 127.0.0.1 >/dev/null &&
		cat /proc/self/maps /proc/meminfo /proc/net/dev >/dev/null &&
		ls -lR /sys/kernel >/dev/null
	health_rc=$?
	rm -rf /tmp/health
	[ $health_rc -eq 0 ] && ! tainted $TAINT_WARN && ! tainted 7
}

health()
{
	if healthy >/dev/null 2>&1; then echo ok; else echo ill; fi
}

# The probe that belongs to the update, if any: its verdict.
probe_of()
{
	if [ -x "./probe-$1" ]; then
		timeout 30 "./probe-$1" 2>&1 | tail -n 1 | cut -d' ' -f2 | tr -d ':'
	else
		echo -
	fi
}

# enable, health, disable of a loaded update; sets the words of its line
switch_both_ways()
{
	put "$SPLICE/$1/max_attempts" 20 >/dev/null
	enabled=$(switch_on "$1")
	[ "$enabled" = ok ] || { enabled=$enabled:$(value "$1" result); return; }
	state=$(health)
	after=$(probe_of "$1")
	disabled=$(switch_off "$1")
	[ "$disabled" = ok ] || { disabled=$disabled:$(value "$1" result); return; }
	undone=$(probe_of "$1")
}

# load_targets NAME	the modules that it has parts for; "ok", or who failed
load_targets()
{
	targets=ok
	while read -r target; do
		target_rc=$(lsp-helper load "modules/$target")
		case $target_rc in
		ok | EEXIST) ;;
		*) targets=${target%.ko}:$target_rc ;;
		esac
	done <"updates/$1.modules"
	echo "$targets"
}

# load_parts NAME	all of an update, the first part first
load_parts()
{
	for part_file in "updates/$1.ko" "updates/$1"-*.ko; do
		[ -e "$part_file" ] || continue
		part_rc=$(lsp-helper load "$part_file")
		[ "$part_rc" = ok ] || { echo "$part_rc"; return; }
	done
	echo ok
}

for file in updates/*.ko; do
	name=$(basename "$file" .ko)
	case $name in *-*) continue ;; esac
	enabled=- state=- disabled=- unloaded=- after=- undone=-
	echo "@@begin-update $name"
	loaded=ok
	[ ! -e "updates/$name.modules" ] || loaded=$(load_targets "$name")
	before=$(probe_of "$name")
	mark_log
	[ "$loaded" != ok ] || loaded=$(load_parts "$name")
	if [ "$loaded" = ok ]; then
		switch_both_ways "$name"
		unloaded=$(unload_all "$name")
		# Undone for good, but something may still point at it.
		[ "$unloaded" = ok ] || [ "$(value "$name" state)" != pinned ] ||
			unloaded=pinned
	else
		new_log | grep 'livesplice:' | tail -n 3 | sed "s/^/$name: /"
		unload_all "$name" >/dev/null
	fi
	echo "@@corpus $name $loaded $enabled $state $disabled $unloaded $before $after $undone"
done
