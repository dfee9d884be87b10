# SPDX-License-Identifier: GPL-2.0
#
# Keeps __LINE__ where it was below the hunks of a patch.
#
#   diff -U0 PRE POST | awk -f fix-lines.awk - POST
#
# Prints POST with a #line directive below each hunk that moves the lines under
# it, so that they have the numbers that they have in PRE. Otherwise each use of
# __LINE__ (WARN_ON() and its kind) down there would look like a change.
#
# A directive takes a line of its own, and not every place can have one: not the
# inside of a comment, of a continued line, of the arguments of a macro. It is
# put off until the first line that is none of these. Conditional groups are
# skipped as a whole by the compiler, with the directives in them; therefore the
# directive is repeated where a group ends.
#
# Called by splice-gen.

# Follows comments, strings and parentheses through one line.
function lex(text,	token)
{
	while (text != "") {
		if (comment) {
			if (!match(text, /\*\//))
				return
			comment = 0
			text = substr(text, RSTART + 2)
			continue
		}
		if (!match(text, /["'()]|\/\*|\/\//))
			return
		token = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		if (token == "/*")
			comment = 1
		else if (token == "//")
			return
		else if (token == "(" && !directive)
			depth++
		else if (token == ")" && !directive && depth)
			depth--
		else if (token == "\"" || token == "'")
			text = after_literal(text, token)
	}
}

# What follows the string or character constant that text is inside of.
function after_literal(text, quote)
{
	if (quote == "\"" && match(text, /^([^"\\]|\\.)*"/) ||
	    quote == "'" && match(text, /^([^'\\]|\\.)*'/))
		return substr(text, RLENGTH + 1)
	return ""
}

# The hunk "-A,B +C,D": from line "from" of POST on, lines have moved by D - B.
FILENAME == "-" && /^@@ / {
	split($3, added, ",")
	split($2, removed, ",")
	nr_added = added[2] == "" ? 1 : added[2]
	nr_removed = removed[2] == "" ? 1 : removed[2]
	first = substr(added[1], 2) + (nr_added == 0)
	hunks++
	start[hunks] = first
	from[hunks] = first + nr_added
	moved[hunks] = nr_added - nr_removed
}
FILENAME == "-" { next }

FNR == from[hunk + 1] {
	hunk++
	shift += moved[hunk]
	if (moved[hunk])
		due = 1
}

{
	if (/^}/ && !comment)
		depth = 0
	if (!continued)
		directive = !comment && /^[ \t]*#/
	in_hunk = hunk < hunks && FNR >= start[hunk + 1]
	if (due && !in_hunk && !comment && !continued && !depth) {
		print "#line " FNR - shift
		due = 0
	}
	print
	if (directive && !continued && /^[ \t]*#[ \t]*(else|elif|endif)/ && hunk)
		due = 1
	lex($0)
	continued = /\\$/
}
