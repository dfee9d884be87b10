#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Branches of assembly from one function to another.
# shellcheck disable=SC1091
. "$(dirname "$0")/asm-lib.bash"

# A branch to the last line of the function above, and one to its middle.
unit() {
	cat <<'END'
func target
	body 1
	testl %eax, %eax
	je .Lmiddle
	call outside
.Lmiddle:
	incl %eax
	return
end target
	.skip 200, 0x90
func enters
	body 2
	jne .Lmiddle
	return
end enters
func short
	body 3
	jmp near
end short
func near
	body 4
	return
end near
END
}

asm_change 's/body 2/body 7/' < <(unit)
check "into the middle of what stays: object is written" result 0
check "the very place" count_is 1 .text "target \+ f"
asm_change 's/body 2/&\n\tcall .Lmiddle/' < <(unit)
check "a call into the middle" refused interior

asm_change 's/body 1/body 7/' < <(unit)
check "into the middle of what is replaced" refused interior
check "both are named" reports refuse interior enters
asm_change 's/body [12]/body 7/' < <(unit)
check "from what is replaced as well: object is written" result 0
check "into the new code" count_is 1 .text "\.text \+ [0-9a-f]+"

asm_change 's/body 3/body 7/' < <(unit)
check "a short branch" refused branch
asm_change 's/body 4/body 7/' < <(unit)
check "to what is replaced: object is written" result 0
check "only that is replaced" test "$(grep ^func report | cut -f 3)" = near
asm_change 's/jmp near/jmp far/;s/^func near/func far\n\tbody 4\n\treturn\nend far\n&/' < <(unit)
check "to somewhere else, by the same number" refused branch

# Two callees of one size change places: no byte of their caller changes.
swap() {
	cat <<'END'
func caller
	body 1
	call one
	return
end caller
func one local
	body 2
	return
end one
func two local
	body 3
	return
end two
END
}
swap > pre.S
{ swap | sed '/^func one/,/^end one/d'; swap | sed -n '/^func one/,/^end one/p'; } > post.S
assemble pre && assemble post && cp pre.o plain.o
sed -i 's/call one/call two/' pre.S
run_diff
check "functions that change places change nothing" result 66
assemble pre && cp pre.o plain.o
run_diff
check "but a caller that now means another one is found" \
	test "$(grep ^func report | cut -f 3)" = caller
finish
