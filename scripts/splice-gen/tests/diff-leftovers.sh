#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Suites of KUnit are not carried, nor are lists of BTF ids: the kernel has its
# own, which new code may use if the same is in them.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

unit() {
	cat <<'END'
struct kase { void (*run)(void); const char *name; };
struct suite { char name[8]; struct kase *cases; };
#define LIST(name) asm(".pushsection .BTF_ids,\"a\"\n.local " #name "\n" #name ":\n.popsection");
#define ID(name, flags) asm(".pushsection .BTF_ids,\"a\"\n.local " name "\n"	\
	".type " name ", STT_OBJECT\n.size " name ", 4\n" name ":\n.zero 4\n" flags ".popsection");
LIST(first)
ID("__BTF_ID__struct__inode__3", "")
LIST(ids)
ID("__BTF_ID__struct__file__41", ".long 2\n")
ID("__BTF_ID__struct__path__52", ".long 0\n")
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

use='s/ids\[0\] + 1/ids[0] + 2/'
post < <(unit | sed "$use;s/__41/__153/;s/__52/__9/")
run_diff
place=$(readelf -SW plain.o | awk '/BTF_ids/ { sub(/^ *\[ */, ""); printf "%x", $1 }')
check "code that uses an id" reports func replaced user
check "uses the running kernel's" count_is 1 .text.user "__splice\\.old\\.7\\.$place\\.0\\.o"
check "that is the second list" grep -q '\.o + 0$' <(readelf -rW new.o | grep 'old.7.*\.o ')
check "there is a place for it in the tables" "$SPLICE_ELF" finish -c \
	-s <(printf '0x0\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n') -O vmlinux \
	-u 7:dir/unit.o:plain.o new.o
post < <(unit | sed "$use;s/file__41/dentry__41/")
run_diff
check "another name in the list" refused section
post < <(unit | sed "$use;s/long 2/long 3/")
run_diff
check "other flags in the list" refused section
post < <(unit | sed "$use;s/^ID(.*52.*//")
run_diff
check "a shorter list" refused section
post < <(unit | sed "$use;s/LIST(ids)//;s/LIST(first)/& LIST(ids)/")
run_diff
check "a list that begins elsewhere" refused section
pre < <(unit | sed 's/ids\[0\]/other(2)/')
post < <(unit)
run_diff
check "code that begins to use an id" reports func replaced user
pre < <(unit)
post < <(unit | sed 's/= { &suite }/= { \&suite, \&suite }/;s/+ 3/+ 4/')
run_diff
check "another list of suites" refused section
finish
