#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Without -pg and room in front of functions gcc knows which registers a function of
# the unit leaves alone, and has its callers keep values there. Who relied on that is
# replaced together with it.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

for i in "${!kernel_flags[@]}"; do
	case ${kernel_flags[i]} in
	-pg | -mfentry | -mrecord-mcount | -fpatchable-*) unset "kernel_flags[i]" ;;
	esac
done

# unit BODY: what the callee does.
unit() {
	cat <<END
int table[8];
noinline int callee(int x) { $1 }
int caller(int a, int b, int c) { return callee(a) + b * c; }
int stranger(int a, int b, int c) { return other(a) + b * c; }
END
}

replaced() {
	[[ $(awk '$1 == "func" && $2 == "replaced" { print $3 }' report | sort | xargs) == "$1" ]]
}

pre < <(unit 'return x * 3;')
check "the caller keeps a value in a register that a call may change" \
	test "$(objdump -d --no-show-raw-insn --disassemble=caller plain.o |
		grep -cE '\bpush\b')" -lt "$(objdump -d --no-show-raw-insn \
		--disassemble=stranger plain.o | grep -cE '\bpush\b')"
post < <(unit 'return x * 5;')
run_diff
check "the callee alone" result 0
check "it leaves the same registers alone" replaced callee
post < <(unit 'return x * 3 + other(x);')
run_diff
check "another call in the callee" result 0
check "its caller goes with it" replaced "callee caller"
finish
