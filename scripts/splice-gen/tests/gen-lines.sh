#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fix-lines.awk: __LINE__ below a hunk stays, whatever the hunk is in.

set -o pipefail
set -o nounset
export LC_ALL=C

AWK=$(cd "$(dirname "$0")/.." && pwd)/fix-lines.awk
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
FAILED=0

# Every line with MARK uses __LINE__; none of them is in a hunk.
cat > "$WORK/pre.c" <<'EOF'
#define MARK(name) int name = __LINE__
#define TWO(a, b) int a = __LINE__; \
	int b = __LINE__
MARK(a);
/* A comment of
 * several (lines
 */
MARK(b);
const char *s = "a \" string (", c = '(', d = '\'';
MARK(e);
TWO(f,
    g);
#ifdef UNSET
MARK(h);
#else
MARK(i);
#endif
MARK(j);
int k(void);
int k(void)
{
	return __builtin_expect(
		1, 0);
}
MARK(l); // it's a comment (
MARK(m);
EOF

# same_lines WHAT SED...: edit, fix, and compare what the compiler sees.
same_lines() {
	local what=$1

	shift
	sed -E "$@" "$WORK/pre.c" > "$WORK/post.c"
	{ diff -U0 "$WORK/pre.c" "$WORK/post.c" || :; } |
		awk -f "$AWK" - "$WORK/post.c" > "$WORK/fixed.c"
	gcc -E -P "$WORK/pre.c" | grep -o 'int [a-m] = [0-9]*' > "$WORK/pre.i"
	if gcc -Werror -Wall -c -o /dev/null "$WORK/fixed.c" 2> "$WORK/log" &&
	   gcc -E -P "$WORK/fixed.c" | grep -o 'int [a-m] = [0-9]*' |
	   diff "$WORK/pre.i" - >> "$WORK/log" && [[ -s $WORK/pre.i ]] &&
	   diff <(grep -v '^#line' "$WORK/fixed.c") "$WORK/post.c" >> "$WORK/log"; then
		echo "ok $what"
	else
		echo "not ok $what"
		sed 's/^/# /' "$WORK/log" "$WORK/fixed.c"
		FAILED=1
	fi
}

same_lines "no change" ''
same_lines "a line at the top" '1s/^/int new;\n/'
same_lines "in a macro" '3s/^/	int z; \\\n/'
same_lines "in a comment" '6s/$/\n * more/'
same_lines "before a literal" '8s/$/\n\n/'
same_lines "in the arguments of a macro" '11s/$/\n\n/'
same_lines "in a group that is skipped" '13s/$/\nint new;/'
same_lines "in a group that is not" '15s/$/\nint new;/'
same_lines "in arguments" '22s/$/\n\n/'
same_lines "lines taken out of a comment" '6d'
same_lines "a function taken out" '19,24d'
same_lines "everywhere" '1s/^/int new;\n/;6d;8s/$/\n/;9d;13s/$/\n\n\n/;17s/$/\nint more;/;19d'
# shellcheck disable=SC2016 # that is sed's dollar
same_lines "at the end" '$s/$/\nint last;/'

exit "$FAILED"
