#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Functions that are called when the update is switched.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

# hook KIND FUNCTION [TYPE]	what SPLICE_PRE() and the like leave in the object
hook() {
	echo "static ${3-int} (* const __splice_hook_$1)(void) __attribute__((used, section(\".discard.livesplice.hooks.$1\"))) = $2;"
}

# Kinds of the rows, in their order.
kinds_are() {
	objcopy -O binary -j .livesplice.link.hooks \
		--set-section-flags .livesplice.link.hooks=alloc new.o rows
	[[ $(od -An -v -tu4 -w24 rows | awk '{ print $4 }' | xargs) == "$1" ]]
}

refused_with() {
	result 1 && [[ ! -e new.o ]] && grep -qE "^refuse	hook	$1" report
}

# refused_text TEXT HOOKS...	a patch that has these
try() {
	post <<< "int entry(int x) { return other(x) + 2; }
static int ready(void) { return other(5); }
static void over(void) { other(6); }
$1"
	run_diff
}

pre <<< 'int entry(int x) { return other(x) + 1; }'
try "$(hook pre ready) $(hook check ready) $(hook undo_post over void)"
check "object is written" result 0
check "the function is replaced" reports func replaced entry
check "hooks are carried" symbol "LOCAL [0-9]+ ready"
check "and told of" grep -q '^note	over	hook: undo_post' report
check "their rows are in order" kinds_are "0 1 8"
check "each leads to its function" count_is 3 .livesplice.link.hooks '(ready|over) \+ 0'
check "what named them is not carried" not symbol "__splice_hook_pre"
check "nor its section" not has_section '.discard.livesplice.hooks.*'
check "nothing is pinned" not grep -q ^pinned report

try "$(hook fail over void)"
check "fail without pre" refused_with 'over	.*without "pre"'
try "$(hook pre ready) $(hook undo_fail over void)"
check "undo_fail without undo_pre" refused_with 'over	.*without "undo_pre"'
try "$(hook pre ready) $(hook fail over void)"
check "fail with pre" result 0
try "$(hook sometimes ready)"
check "a kind that nobody knows" refused_with '.*sometimes	no kind of hook'
try "$(hook check other)"
check "a function of another file" refused_with '.*check	does not name one function'
try "$(hook check 'ready + 4')"
check "the middle of a function" refused_with '.*check	does not name one function'
try "static int twice(void) { return 0; } $(hook pre ready)
static int (* const two)(void) __attribute__((used, section(\".discard.livesplice.hooks.pre\"))) = twice;"
check "two of a kind" refused_with '.*pre	does not name one function'
try "static __section(\".init.text\") int early(void) { return other(7); } $(hook pre early)"
check "one that is gone after boot" refused init

pre <<END
int entry(int x) { return other(x) + 1; }
int old(void) { return other(1); }
END
post <<END
int entry(int x) { return other(x) + 2; }
int old(void) { return other(1); }
$(hook pre old)
END
run_diff
check "a function that was there before" refused_with 'old	is the hook "pre", but'
post <<END
int entry(int x) { return other(x) + 1; }
int old(void) { return other(2); }
$(hook pre old)
END
run_diff
check "one that is replaced" refused_with 'old	is the hook "pre", but'

# No other change.
pre <<< 'int entry(int x) { return other(x) + 1; }'
post <<END
int entry(int x) { return other(x) + 1; }
static int ready(void) { return other(5); }
$(hook pre ready)
END
run_diff
check "hooks and nothing else" result 0
check "no function is replaced" not has_section .livesplice.link.funcs
check "the hook is there" kinds_are 1

# Of a patch that this one stands on.
pre <<END
int entry(int x) { return other(x) + 1; }
static int ready(void) { return other(5); }
$(hook pre ready)
END
post <<END
int entry(int x) { return other(x) + 2; }
static int ready(void) { return other(5); }
$(hook pre ready)
END
run_diff
check "the hook of the patch below" result 0
check "is not called again" not has_section .livesplice.link.hooks
finish
