# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # what is set here is used by those who source it
#
# What the test-*.sh scripts of this directory share: KTAP output, updates and
# their sysfs files, waits with a bound, background work. Sourced, never run.
# Needs no more than a busybox shell.
#
# The updates are made by splice-gen from patches/*.patch for the very kernel
# that runs (vm/check.sh does it); they lie in $LSP_UPDATES.

SPLICE=/sys/kernel/splice
LSP_UPDATES=${LSP_UPDATES:-$PWD/updates}
KSFT_SKIP=4
PATH=$PWD:$PATH

# KTAP --------------------------------------------------------------------

ktap_number=0
ktap_failed=0

# plan NUMBER
plan()
{
	echo "TAP version 13"
	echo "1..$1"
	ktap_plan=$1
}

say()
{
	echo "# $*"
}

skip_all()
{
	echo "TAP version 13"
	echo "1..0 # SKIP $*"
	exit $KSFT_SKIP
}

pass()
{
	ktap_number=$((ktap_number + 1))
	echo "ok $ktap_number $*"
}

fail()
{
	ktap_number=$((ktap_number + 1))
	ktap_failed=$((ktap_failed + 1))
	echo "not ok $ktap_number $*"
}

# check WHAT COMMAND...	passes if the command succeeds
check()
{
	check_what=$1
	shift
	if "$@"; then
		pass "$check_what"
	else
		say "failed: $*"
		fail "$check_what"
	fi
}

# refuse WHAT COMMAND...	passes if the command fails
refuse()
{
	check_what=$1
	shift
	if "$@"; then
		say "succeeded: $*"
		fail "$check_what"
	else
		pass "$check_what"
	fi
}

# is WHAT WANTED FOUND
is()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		say "wanted: $2"
		say "found:  $3"
		fail "$1"
	fi
}

# matches WHAT PATTERN FOUND	PATTERN as in case
matches()
{
	# shellcheck disable=SC2254 # it is a pattern
	case $3 in
	$2)
		pass "$1"
		;;
	*)
		say "wanted: $2"
		say "found:  $3"
		fail "$1"
		;;
	esac
}

# Ends a test: what was loaded or started goes, the plan must have been kept.
finish()
{
	cleanup
	if [ "$ktap_number" -ne "$ktap_plan" ]; then
		say "planned $ktap_plan, ran $ktap_number"
		ktap_failed=$((ktap_failed + 1))
	fi
	[ "$ktap_failed" -eq 0 ] || exit 1
	exit 0
}

# Updates -----------------------------------------------------------------

# What we write is refused or not by name: "ok", "EBUSY", ...
put()
{
	lsp-helper put "$1" "$2"
}

load()
{
	lsp-helper load "$LSP_UPDATES/$1.ko"
}

unload()
{
	lsp-helper unload "$1"
}

# unload_all UPDATE	its parts for modules, then itself
unload_all()
{
	for unload_dir in "$SPLICE/$1"/*/; do
		unload_part=$(basename "$unload_dir")
		[ "$unload_part" = vmlinux ] || [ ! -e "$unload_dir" ] ||
			unload "$1_$unload_part" >/dev/null
	done
	unload "$1"
}

# load_module NAME	one of the kernel's own, from modules/
load_module()
{
	lsp-helper load "modules/$1.ko"
}

switch_on()
{
	put "$SPLICE/$1/enabled" 1
}

switch_off()
{
	put "$SPLICE/$1/enabled" 0
}

# value UPDATE FILE
value()
{
	cat "$SPLICE/$1/$2"
}

# need_update NAME...	without it there is nothing to test
need_update()
{
	for need; do
		[ -e "$LSP_UPDATES/$need.ko" ] || skip_all "no $LSP_UPDATES/$need.ko"
	done
}

# Is the name among the modules?
is_loaded()
{
	grep -q "^$1 " /proc/modules
}

# tainted BIT	of /proc/sys/kernel/tainted
tainted()
{
	[ $((($(cat /proc/sys/kernel/tainted) >> $1) & 1)) -eq 1 ]
}

# Pages of vmalloc space, without guard pages and without stacks: the kernel may
# start a thread at any time. Who has allocated one depends on what the compiler
# has inlined.
vmalloc_pages()
{
	awk '/ (dup_task_struct|alloc_thread_stack|copy_process|kernel_clone|fork_idle|create_io_thread)/ { next }
	     { for (i = 3; i <= NF; i++) if ($i ~ /^pages=/) sum += substr($i, 7) }
	     END { printf "%d\n", sum }' /proc/vmallocinfo
}

TAINT_WARN=9
TAINT_LIVEPATCH=15

# Waiting -----------------------------------------------------------------

# wait_for SECONDS COMMAND...
wait_for()
{
	wait_left=$(($1 * 10))
	shift
	until "$@"; do
		[ "$wait_left" -gt 0 ] || return 1
		wait_left=$((wait_left - 1))
		sleep 0.1
	done
}

# sleeps_in PID FUNCTION
sleeps_in()
{
	grep -q "$2+" "/proc/$1/stack" 2>/dev/null
}

# The kernel's log since mark_log.
mark_log()
{
	log_mark="lsp-mark-$$-$ktap_number-$(cut -d' ' -f1 /proc/uptime)"
	echo "$log_mark" >/dev/kmsg
}

new_log()
{
	dmesg | sed "1,/$log_mark/d"
}

# new_says PATTERN	Does the log have it since mark_log?
new_says()
{
	new_log | grep -q "$1"
}

# All of the log, also where there is more than the kernel keeps.
LOG_COPY=/tmp/kmsg
log_reader=

follow_log()
{
	mark_log
	cat /dev/kmsg >$LOG_COPY 2>/dev/null &
	log_reader=$!
}

# splats	what must not be in it; for tests that keep the log off the
# console, where the harness would look
splats()
{
	kill -0 "$log_reader" || echo "the log was not followed to its end"
	sed "1,/$log_mark/d" $LOG_COPY | grep -E "WARNING:|BUG:|Oops|INFO:|\
broken invariant|refcount_t|corruption|possible (circular|recursive|irq lock)|\
inconsistent lock|suspicious RCU|held lock freed|sleeping function"
	grep -q 'debug_locks: *0' /proc/lockdep_stats 2>/dev/null &&
		echo "lockdep has given up"
}

# Background work ---------------------------------------------------------

background=

# start COMMAND...	sets $started to its pid
start()
{
	"$@" >/dev/null 2>&1 &
	started=$!
	background="$background $started"
}

load_fork()
{
	while :; do /bin/true; done
}

load_pipe()
{
	while :; do dd if=/dev/zero bs=4096 count=256 2>/dev/null | cat >/dev/null; done
}

load_files()
{
	while :; do
		mkdir "/tmp/load.$1" && cp /bin/busybox "/tmp/load.$1/a"
		mv "/tmp/load.$1/a" "/tmp/load.$1/b"
		ls -lR /sys/kernel >/dev/null
		rm -r "/tmp/load.$1"
	done
}

# A bit of everything, on every CPU.
start_load()
{
	start load_fork
	start load_pipe
	start load_files one
	start load_files two
}

sleepers=

# Does what writes to $OUT say more than so many lines?
says_more()
{
	[ "$(wc -l <"$OUT")" -gt "$1" ]
}

# ask SIGNAL	sets $answer to what lsp-sleepers, of pid $sleepers, says to it
ask()
{
	ask_lines=$(wc -l <"$OUT")
	kill "-$1" "$sleepers"
	wait_for 30 says_more "$ask_lines"
	answer=$(sed -n "$((ask_lines + 1))p" "$OUT")
}

stop_all()
{
	# shellcheck disable=SC2086 # a list
	[ -z "$background" ] || kill $background 2>/dev/null
	for stop_pid in $background; do
		wait "$stop_pid" 2>/dev/null
	done
	background=
	rm -rf /tmp/load.*
}

# Undo and unload whatever is there: later tests start from nothing.
cleanup()
{
	stop_all
	[ -z "$log_reader" ] || kill "$log_reader" 2>/dev/null
	log_reader=
	for cleanup_dir in "$SPLICE"/*/; do
		[ -e "${cleanup_dir}enabled" ] || continue
		cleanup_name=$(basename "$cleanup_dir")
		switch_off "$cleanup_name" >/dev/null
		unload_all "$cleanup_name" >/dev/null
	done
}

[ "$(id -u)" -eq 0 ] || skip_all "must be root"
[ -d $SPLICE ] || skip_all "no $SPLICE: CONFIG_LIVESPLICE is not set"
trap 'cleanup' EXIT
