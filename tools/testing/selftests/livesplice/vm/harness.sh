#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the tests: a guest that dies, hangs or complains must never look
# like a success. Called by check.sh with KERNEL, a bootable kernel, in the
# environment; one line "ok ..." or "not ok ..." per test.

set -u
cd "$(dirname "$0")" || exit 3
. ./lib.sh
. ./qemu.sh

failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/guest"
GUEST_KERNEL=${KERNEL:?a bootable kernel}
GUEST_LOG=$work/log
GUEST_APPEND=kunit.enable=0

is()
{
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		printf '# wanted: %s\n# found: %s\nnot ok %s\n' "$2" "$3" "$1"
		failed=1
		return 1
	fi
}

# guest WHAT STATUS TIMEOUT COMMAND	run it in a guest, want the status
guest()
{
	echo "$4" >"$work/guest/test.sh"
	guest_run "$work/guest" test.sh "$3" >"$work/out" 2>&1
	is "$1" "$2" $? || sed 's/^/# /' "$work/out" <(tail -n 5 "$work/log/console.log")
}

# tally WHAT WANTED	counts of run-tests.sh output on standard input
tally()
{
	is "$1" "$2" "$(awk -f tally.awk | head -n 1)"
}

guest "status of the script comes back" 7 60 'exit 7'
guest "a panic is no result" 125 60 'echo c >/proc/sysrq-trigger; sleep 9'
guest "a complaint of the kernel is a failure" 126 60 \
	'echo "WARNING: CPU: 0 PID: 1 at" >/dev/kmsg; exit 0'
# Its clock may run many times too fast on a busy machine: no sleep is endless.
guest "a hung guest is given up" 124 15 'while :; do sleep 9; done'

# stale WHAT STATUS CONSOLE RESULT	is this the emulator's failure?
stale()
{
	echo "$3" >"$work/console"
	echo "$4" >"$work/result"
	guest_stale "$work/console" "$work/result"
	is "$1" "$2" $?
}

stale "a stale INT3 while booting" 0 'Oops: int3: 0000 [#1]' ''
stale "an INT3 in a test is a failure" 1 'Oops: int3: 0000 [#1]' '@@begin'
stale "an INT3 in KUnit is a failure" 1 'KTAP version 1
Oops: int3: 0000 [#1]' ''
stale "another Oops while booting is a failure" 1 'Oops: 0000 [#1]' ''

# stale_text WHAT STATUS RIP CODE	likewise, in a test
stale_text()
{
	printf '[ 1.0] %s\n' 'Oops: int3: 0000 [#1] PREEMPT SMP' 'CPU: 0 PID: 0' \
		"RIP: 0010:$3" "Code: $4" >"$work/console"
	guest_stale_text "$work/console"
	is "$1" "$2" $?
}

stale_text "a stale INT3 of a static branch" 0 __schedule+0x21a/0x900 '00 eb <0a> 48'
stale_text "an INT3 that is there is a failure" 1 __schedule+0x21a/0x900 '00 cc <0a> 48'
stale_text "one at an entry is a failure" 1 schedule+0xa/0x90 '00 eb <0a> 48'
stale_text "a stale INT3 of the tracer" 0 schedule+0x5/0x90 '66 0f 1f 00 0f <1f> 44 00 00 53 89'
stale_text "the same, of a call" 0 schedule+0x5/0x90 '66 0f 1f 00 e8 <10> 44 00 00 53 89'
stale_text "another one in its place is a failure" 1 schedule+0x5/0x90 '66 0f 1f 00 eb <1f> 44 00 00 53'
stale_text "one of the tracer that is there is a failure" 1 schedule+0x5/0x90 '1f 00 cc <1f> 44 00 00 53'
stale "another Oops is a failure" 1 'Oops: 0000 [#1]
Oops: int3: 0000 [#2]' '@@begin'

tally "results are counted" "2 1" <<<'@@test a
1..3
ok 1 x
not ok 2 y
ok 3 z
@@rc a 1'
tally "what the plan promised and did not come" "1 2" <<<'@@test a
1..3
ok 1 x
@@rc a 0'
tally "a guest that ended in a test" "1 2" <<<'@@test a
1..3
ok 1 x'
tally "a guest that ended after the last result" "1 1" <<<'@@test a
1..1
ok 1 x'
tally "a test that said nothing" "0 1" <<<'@@test a
@@rc a 0'
tally "a test that failed in the end only" "1 1" <<<'@@test a
1..1
ok 1 x
@@rc a 2'
tally "a skip" "0 1" <<<'@@test a
1..0 # SKIP no reason
@@rc a 4'
exit $failed
