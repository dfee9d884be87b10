#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# New entries of registries that only a boot reads are refused.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

add() {
	post <<< "int entry(int x) { return x + 2; }
asm(\".section \\\"$1\\\",\\\"a\\\"\n $2\n .previous\");"
	run_diff
}
pre <<< 'int entry(int x) { return x + 1; }'
add .export_symbol '.asciz \"GPL\"\n .asciz \"\"\n .balign 8\n .quad entry'
check "new export" refused export
add .initcall6.init '.long entry - .'
check "new initcall" refused initcall
add __param '.quad entry'
check "new parameter" refused param
add __syscalls_metadata '.quad entry'
check "new system call" refused syscall
add _ftrace_events '.quad entry'
check "new trace event" refused tracepoint
add .static_call_tramp_key '.long entry - ., entry - .'
check "new static call" refused static-call
finish
