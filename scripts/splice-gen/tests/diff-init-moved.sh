#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An initialiser that does what boot code did means nothing for what has booted.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

common='
struct list { struct list *next, *prev; };
struct lock { int owner; struct list waiters; };
extern int use(void *p);
extern void init_lock(struct lock *l);
'
init='__section(".init.text") noinline'
lock='static struct lock lock = { 0, { &lock.waiters, &lock.waiters } };'
run='int entry(void) { return use(&lock); }'

pre <<END
$common static struct lock lock;
$init int start(void) { init_lock(&lock); return use(0); } $run
END
post <<END
$common $lock
$init int start(void) { return use(0); } $run
END
run_diff
check "a lock: no effect" result 66
check "the object and the function are named" reports note lock \
	"its initialiser now does what start() has done at boot: no effect"
check "the function is named" reports note start "changed in section .init.text"
check "nothing is refused" not reports refuse

# The boot code still uses it.
pre <<END
$common static struct lock lock;
$init int start(void) { init_lock(&lock); return use(&lock); } $run
END
post <<END
$common $lock
$init int start(void) { return use(&lock); } $run
END
run_diff
check "a lock that boot code uses: no effect" result 66

# The rest of the patch goes on.
post <<END
$common $lock
$init int start(void) { return use(&lock); }
int entry(void) { return use(&lock) + 1; }
END
run_diff
check "with a change of code" result 0
check "it is replaced" reports func replaced entry
check "the note is there" reports note lock "its initialiser now does"
check "the lock stays where it is" symbol "GLOBAL UND $(old_name lock o)"

# Not the same thing.
post <<END
$common $lock
$init int start(void) { init_lock(&lock); return use(&lock); } $run
END
run_diff
check "boot code goes on as before" refused data

post <<END
$common static struct lock lock = { 3 };
$init int start(void) { return use(&lock); } $run
END
run_diff
check "a value, and boot code still refers to it" refused data

pre <<END
$common static struct lock lock = { 5 };
$init int start(void) { init_lock(&lock); return use(0); } $run
END
post <<END
$common $lock
$init int start(void) { return use(0); } $run
END
run_diff
check "it had a value before" refused data

pre <<END
$common static struct lock lock;
int later(void) { init_lock(&lock); return use(0); } $run
END
post <<END
$common $lock
int later(void) { return use(0); } $run
END
run_diff
check "it was not boot code" refused data

pre <<END
$common static struct lock lock;
__section(".exit.text") int stop(void) { init_lock(&lock); return use(0); } $run
END
post <<END
$common $lock
__section(".exit.text") int stop(void) { return use(0); } $run
END
run_diff
check "it was exit code" refused data

# What boot code has set need not be what the initialiser says now.
value() {
	pre <<-END
	$common static int limit; $init int start(void) { $1 return use(0); }
	int entry(int x) { use(&limit); return x > limit; }
	END
	post <<-END
	$common static int limit = 20;
	$init int start(void) { return use(0); }
	int entry(int x) { use(&limit); return x > limit; }
	END
	run_diff
}
value "limit = 10;"
check "another value" refused data
check "another value: no effect is not claimed" not reports note limit
value "use(&limit);"
check "a value that nobody can tell" refused data

pre <<END
$common static struct lock lock;
$init int start(void) { init_lock(&lock); return use(0); } $run
END
post <<END
$common
static struct lock lock = { 3, { &lock.waiters, &lock.waiters } };
$init int start(void) { return use(0); } $run
END
run_diff
check "a lock with a value" refused data

post <<END
$common static int x;
static struct lock lock = { 0, { &lock.waiters, (void *)&x } };
$init int start(void) { return use(0); } $run
END
run_diff
check "a list that leads elsewhere" refused data
finish
