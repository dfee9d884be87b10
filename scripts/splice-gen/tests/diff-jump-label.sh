#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Jump labels go with their function; old keys stay where they are.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
struct key shared;
static struct key private;
int toggle(void) { return private.enabled++; }
int unchanged(int x) { return branch(&shared) ? other(x) : x; }
int entry(int x) { return other(x) + (branch(&shared) ? x : branch(&private)); }
END
post <<'END'
struct key shared;
static struct key private;
static struct key fresh;
int toggle(void) { return private.enabled++; }
int unchanged(int x) { return branch(&shared) ? other(x) : x; }
int entry(int x)
{
	return other(x) + (branch(&shared) ? x + 1 :
			   branch(&private) + branch(&fresh));
}
END
run_diff
check "object is written" result 0
check "three entries" section_size __jump_table 48
check "site and target are new code" count_is 6 __jump_table .text.entry.*
check "global key by name" count_is 1 __jump_table "shared.*"
check "static key at its old place" \
	count_is 1 __jump_table "$(old_name private o).*"
check "new key comes along" count_is 1 __jump_table "fresh.*"
finish
