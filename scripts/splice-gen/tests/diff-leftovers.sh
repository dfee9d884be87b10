#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Suites of KUnit and lists of BTF ids are not carried: the kernel has its own.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

unit() {
	cat <<'END'
struct kase { void (*run)(void); const char *name; };
struct suite { char name[8]; struct kase *cases; };
asm(".pushsection .BTF_ids,\"a\"\n.local ids\nids:\n"
    ".type __BTF_ID__struct__file__1, STT_OBJECT\n"
    ".size __BTF_ID__struct__file__1, 4\n__BTF_ID__struct__file__1:\n.zero 4\n"
    ".popsection");
extern unsigned int ids[];
static void test(void) { keep((void *)1); }
static struct kase cases[] = { { test, "a" }, { NULL, NULL } };
static struct suite suite = { "x", cases };
static struct suite *suites[] __attribute__((used, section(".kunit_test_suites"))) = { &suite };
int user(int x) { return x + ids[0] + 1; }
int entry(int x) { return x + 3; }
END
}

pre < <(unit)
post < <(unit | sed 's/keep((void \*)1)/keep((void *)2)/;s/+ 3/+ 4/')
run_diff
check "a test and code beside it change" result 0
check "the test is replaced" reports func replaced test
check "the code is replaced" reports func replaced entry
check "no suite goes along" not has_section .kunit_test_suites
check "no id goes along" not has_section .BTF_ids

post < <(unit | sed 's/ids\[0\] + 1/ids[0] + 2/')
run_diff
check "code that uses an id" refused section
post < <(unit | sed 's/= { &suite }/= { \&suite, \&suite }/;s/+ 3/+ 4/')
run_diff
check "another list of suites" refused section
finish
