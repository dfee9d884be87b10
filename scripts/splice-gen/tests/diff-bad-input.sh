#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Bad input ends with its own status and leaves no file behind.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<< 'int entry(int x) { return x; }'
post <<< 'int entry(int x) { return x + 1; }'
cp post.o good.o

head -c 700 good.o > post.o
run_diff
check "truncated object" result 3
check "message names the file" grep -q 'splice-elf: post.o: error: ' errors

echo "not an object" > post.o
run_diff
check "no object" result 3

rm post.o
run_diff
check "no file" result 3

for at in 40 60 62; do
	cp good.o post.o
	printf '\377\377' | dd of=post.o bs=1 seek=$at conv=notrunc 2> /dev/null
	run_diff
	check "damaged header at $at" result 3
done

cp good.o post.o
objcopy --add-section .orc_unwind=errors post.o
run_diff
check "output of objtool" result 3
check "nothing is written" sh -c '! ls new.o* 2> /dev/null'

"$SPLICE_ELF" diff -u x > /dev/null 2>&1
check "bad number" test $? = 2
"$SPLICE_ELF" > /dev/null 2>&1
check "no verb" test $? = 2
finish
