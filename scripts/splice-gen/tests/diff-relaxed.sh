#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Functions whose old frames may stay.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

# relaxed NAME		what SPLICE_RELAXED() leaves in the object
relaxed() {
	echo "static const char __splice_relaxed_$1[] __attribute__((used, section(\".discard.livesplice.relaxed\"))) = \"$1\";"
}

# Flags of the rows, sorted.
flags_are() {
	objcopy -O binary -j .livesplice.link.funcs \
		--set-section-flags .livesplice.link.funcs=alloc new.o rows
	[[ $(od -An -v -tu4 -w32 rows | awk '{ print $7 }' | sort -n | xargs) == "$1" ]]
}

refused_with() {
	result 1 && [[ ! -e new.o ]] && grep -qE "^refuse	relaxed	$1" report
}

common='
extern __attribute__((cold)) void die(int);
extern int wait(int);
'
pre <<END
$common
int loop(int x) { while (wait(x)) x++; return x; }
int other(int x) { return x + 1; }
END
post <<END
$common
int loop(int x) { while (wait(x)) x += 2; return x; }
int other(int x) { return x + 2; }
$(relaxed loop)
END
run_diff
check "object is written" result 0
check "it is replaced" reports func replaced loop
check "one is relaxed, one is not" flags_are "0 4"
check "the name is not carried" not symbol "__splice_relaxed_loop"
check "nor its section" not has_section .discard.livesplice.relaxed

pre <<END
$common
int loop(int x) { if (x < 0) { die(1); wait(x); } while (wait(x)) x++; return x; }
END
post <<END
$common
int loop(int x) { if (x < 0) { die(2); wait(x); } while (wait(x)) x++; return x; }
$(relaxed loop)
END
run_diff
check "a function with a cold part" result 0
check "both rows are relaxed" flags_are "4 5"

# The compiler may have used what it knows of a function of the same unit.
pre <<END
$common
noinline int step(int x) { return x + 1; }
int loop(int x) { while (wait(x)) x = step(x); return x; }
END
post <<END
$common
noinline int step(int x) { return wait(x) + 1; }
int loop(int x) { while (wait(x)) x = step(x) + 1; return x; }
$(relaxed loop)
END
run_diff
check "a callee that is replaced too" refused_with "loop	frames of its old code .*step\(\)"
check "seen from the new code too" refused_with "loop	frames of its new code .*step\(\)"

pre <<END
$common
noinline int step(int x) { return x + 1; }
int loop(int x) { while (wait(x)) x = step(x); return x; }
END
post <<END
$common
noinline int step(int x) { return x + 1; }
int loop(int x) { while (wait(x)) x = step(x) + 1; return x; }
$(relaxed loop)
END
run_diff
check "a callee that stays" result 0

pre <<END
$common
int loop(int x) { while (wait(x)) x++; return x ? loop(x / 2) * wait(x) : 0; }
END
post <<END
$common
int loop(int x) { while (wait(x)) x += 2; return x ? loop(x / 2) * wait(x) : 0; }
$(relaxed loop)
END
run_diff
check "one that calls itself" result 0

pre <<END
$common
int loop(int x) { while (wait(x)) x++; return x; }
int other(int x) { return x + 1; }
END
post <<END
$common
int loop(int x) { while (wait(x)) x++; return x; }
int other(int x) { return x + 2; }
$(relaxed loop)
END
run_diff
check "one that does not change" refused_with "loop	.*is not replaced"

post <<END
$common
int loop(int x) { while (wait(x)) x++; return x; }
int other(int x) { return x + 2; }
$(relaxed nobody)
END
run_diff
check "one that is not there" refused_with "nobody	.*no function of this name"

common='
extern int wait(int);
struct rule { long min, max; };
'
pre <<END
$common
static const struct rule rules[] = { { 1, 2 }, { 3, 4 } };
int loop(int x) { while (wait(x)) x += rules[x & 1].min; return x; }
END
post <<END
$common
static const struct rule rules[] = { { 5, 6 }, { 7, 8 } };
int loop(int x) { while (wait(x)) x += rules[x & 1].min + 1; return x; }
$(relaxed loop)
END
run_diff
check "one that reads what changes" refused_with "loop	.*reads an object that changes"
finish
