#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A place between two objects of one section may be the end of the one or the
# start of the other; which, nobody can tell once their order has changed.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

data() {
	echo "static __section(\".data.both\") int $1[4] = { 1 };
static __section(\".data.both\") int $2[4] = { 1 };
static __section(\".data.both\") int third[4] = { 1 };"
}
code='extern void keep(const void *p); int entry(int x) { keep(first); keep(second); keep(third); return x'
{ data first second; echo "$code + 1; }"; } | pre
{ data second first; echo "$code + 2; }"; } | post
run_diff
check "the layout has changed" refused ambiguous
{ data first second; echo "$code + 2; }"; } | post
run_diff
check "the layout is the same" result 0
finish
