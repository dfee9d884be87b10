#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# declarations.awk: what only declares a function, line by line. Everything that
# might be more has to be "other".

set -o pipefail
set -o nounset
export LC_ALL=C

AWK=$(cd "$(dirname "$0")/.." && pwd)/declarations.awk
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
FAILED=0

# What is expected of a line, a bar, and the line.
cat > "$WORK/table" <<'EOF'
|/* A comment; of
| * two { lines.
| */
other|#ifdef A
prototype first|extern void __ref first(struct thing *thing);
prototype second|int second(int x,
prototype second|	   int y); /* ( */
other|#else
function third|static inline void third(struct thing *thing, int x) {}
function fourth|static inline struct thing *fourth(void)
function fourth|{
function fourth|	if (x) { return "}"; }
function fourth|}
other|#endif
other|struct thing { int a; };
other|struct more {
other|	int (*call)(int);
other|};
other|extern int (*hook)(int);
other|extern int (**hooks)(int);
other|DECLARE_PER_CPU(int, counter);
other|#define MACRO(x) \
other|	second(x, \
other|	       x);
other|typedef int (*callback)(int);
other|typedef int plain(int);
other|extern int variable;
other|static int initialised = second(1, 2);
other|__printf(1, 2) int print(const char *text, ...);
other|enum values { ONE, TWO };
other|static const int table[] = { 1, 2 };
prototype last|int last(void);
|
EOF
cut -d '|' -f 2- "$WORK/table" > "$WORK/header.h"

number=0
while IFS='|' read -r wanted line; do
	((++number))
	got=$(awk -v lines="$number-$number" -f "$AWK" "$WORK/header.h")
	if [[ $got == "$wanted" ]]; then
		echo "ok ${wanted:-nothing}: $line"
	else
		echo "not ok ${wanted:-nothing}: $line: got $got"
		FAILED=1
	fi
done < "$WORK/table"

all=$(awk -v lines="5-6 9-9" -f "$AWK" "$WORK/header.h" | xargs)
if [[ $all == "prototype first prototype second function third" ]]; then
	echo "ok several lines"
else
	echo "not ok several lines: got $all"
	FAILED=1
fi

exit "$FAILED"
