# SPDX-License-Identifier: GPL-2.0
#
# Is the input one JSON object on one line? Says what is wrong and fails if not.
# For tests, on machines that have nothing better.

function bad(what)
{
	if (!failed)
		print "not JSON: " what " at: " substr(rest, 1, 60)
	failed = 1
	rest = ""
}

function take(pattern)
{
	if (!match(rest, "^" pattern))
		return 0
	rest = substr(rest, RLENGTH + 1)
	return 1
}

function string()
{
	if (!take("\"([^\"\\\\\001-\037]|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-f][0-9a-f][0-9a-f][0-9a-f])*\""))
		bad("string")
}

function members(last, named)
{
	if (take(last))
		return
	do {
		if (named) {
			string()
			if (!take(":"))
				bad("no colon")
		}
		value()
	} while (take(","))
	if (!take(last))
		bad("no end of list or object")
}

function value()
{
	if (take("[{]"))
		members("[}]", 1)
	else if (take("\\["))
		members("\\]", 0)
	else if (!take("(true|false|null|-?(0|[1-9][0-9]*)([.][0-9]+)?)"))
		string()
}

{
	rest = $0
	if (rest !~ /^[{]/)
		bad("no object")
	else
		value()
	if (rest != "")
		bad("more than one value")
}

END {
	if (NR != 1)
		print "not JSON: " NR " lines"
	exit failed || NR != 1
}
