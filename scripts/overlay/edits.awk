# SPDX-License-Identifier: GPL-2.0
#
# Applies the edits of one file, or takes them out again.
#
#   awk -v path=FILE -v op=apply|undo -f edits.awk EDITS FILE
#
# The result goes to stdout. An anchor that is not there exactly once is named
# on stderr, each of them, and the exit status is 1.
#
#   awk -v path=FILE -v op=choose -f edits.awk EDITS FILE
#
# prints the edits of the file: of each and its alternatives the first whose
# anchor is there, or the first of all, to be complained about by "apply".

function complain(hunk, count)
{
	printf "%s: %s found %d times instead of once: %s\n", path,
	       op == "apply" ? "anchor" : "edit", count,
	       anchor[hunk] > "/dev/stderr"
	bad = 1
}

# Where the n lines want[hunk, 1..n] are in the file; sets "found".
function find(want, hunk, n,	i, j, at)
{
	found = 0
	for (i = 1; i + n - 1 <= lines; i++) {
		for (j = 1; j <= n && line[i + j - 1] == want[hunk, j]; j++)
			;
		if (j > n) {
			found++
			at = i
		}
	}
	return at
}

# Replaces lines at..at+n-1 of the file by the m lines with[hunk, 1..m].
function replace(at, n, with, hunk, m,	i)
{
	if (m > n)
		for (i = lines; i >= at + n; i--)
			line[i + m - n] = line[i]
	else
		for (i = at + n; i <= lines; i++)
			line[i + m - n] = line[i]
	lines += m - n
	for (i = 1; i <= m; i++)
		line[at + i - 1] = with[hunk, i]
}

# The edit to take: hunk h, or one of the alternatives that follow it.
function choose(h,	i)
{
	for (i = h; i == h || (i in other); i++) {
		find(before, i, nr_before[i])
		if (found == 1)
			return i
	}
	return h
}

# Nothing at all for an edit that only says what is there already.
function print_hunk(h,	i)
{
	if (found == 1 && nr_after[h] == nr_before[h])
		return
	if (!printed++)
		print "--- " path
	print "@@"
	for (i = 1; i <= nr_after[h]; i++)
		print sign[h, i] after[h, i]
}

FILENAME == ARGV[2]	{ line[++lines] = $0; next }
/^--- /		{ mine = substr($0, 5) == path; next }
!mine || $0 == ""	{ next }
/^@@/		{ hunks++; next }
/^@[|]/		{ other[++hunks]; next }
{
	text = substr($0, 2)
	sign[hunks, nr_after[hunks] + 1] = substr($0, 1, 1)
	after[hunks, ++nr_after[hunks]] = text
	if (/^\+/)
		next
	before[hunks, ++nr_before[hunks]] = text
	if (length(text) > length(anchor[hunks]))
		anchor[hunks] = text
}

END {
	for (h = 1; h <= hunks; h++) {
		if (op == "choose") {
			if (!(h in other))
				print_hunk(choose(h))
			continue
		}
		if (op == "apply") {
			at = find(before, h, nr_before[h])
			n = nr_before[h]
		} else {
			at = find(after, h, nr_after[h])
			n = nr_after[h]
		}
		if (found != 1)
			complain(h, found)
		else if (op == "apply")
			replace(at, n, after, h, nr_after[h])
		else
			replace(at, n, before, h, nr_before[h])
	}
	if (bad || op == "choose")
		exit bad + 0
	for (i = 1; i <= lines; i++)
		print line[i]
}
