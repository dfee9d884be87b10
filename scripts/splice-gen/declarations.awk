# SPDX-License-Identifier: GPL-2.0
#
# Do certain lines of a header only declare functions?
#
#   awk -v lines="FIRST-LAST ..." -f declarations.awk HEADER
#
# For each declaration at file scope that one of the lines is part of: the word
# "prototype" or "function" (one with a body) and the name, or "other". What is
# not understood is "other", and so is every directive; comments are nothing.
#
# Called by splice-gen.

function is_wanted(first, last,	i)
{
	for (i = 1; i <= ranges; i++)
		if (first <= range_last[i] && last >= range_first[i])
			return 1
	return 0
}

# A return type, a name, arguments. No macro call looks like this, and no
# pointer to a function.
function name_of(text)
{
	if (text ~ /^[^(]*\([ \t]*\*/ || text !~ /^[ \t]*([A-Za-z_][A-Za-z_0-9]*[ \t*]+)+[A-Za-z_][A-Za-z_0-9]*[ \t]*\(/)
		return ""
	sub(/[ \t]*\(.*/, "", text)
	sub(/.*[^A-Za-z_0-9]/, "", text)
	return text
}

function done(kind,	name)
{
	if (is_wanted(start, NR)) {
		name = name_of(decl)
		if (decl ~ /(^|[^A-Za-z_0-9])(typedef|struct|union|enum)[^(]*\{/ ||
		    decl ~ /=/ || decl ~ /(^|[^A-Za-z_0-9])typedef / || name == "")
			print "other"
		else
			print kind, name
	}
	decl = ""
	body = 0
}

function without_comments(text,	out)
{
	while (text != "") {
		if (comment) {
			if (!match(text, /\*\//))
				return out
			text = substr(text, RSTART + 2)
			comment = 0
		}
		if (!match(text, /\/\*|\/\//))
			return out text
		out = out substr(text, 1, RSTART - 1) " "
		if (substr(text, RSTART, 2) == "//")
			return out
		text = substr(text, RSTART + 2)
		comment = 1
	}
	return out
}

BEGIN {
	ranges = split(lines, part, " ")
	for (i = 1; i <= ranges; i++) {
		split(part[i], ends, "-")
		range_first[i] = ends[1] + 0
		range_last[i] = ends[2] + 0
	}
}

{
	gsub(/"([^"\\]|\\.)*"/, "\"\"")
	gsub(/'([^'\\]|\\.)+'/, "0")
	text = without_comments($0)
	if (directive || (text ~ /^[ \t]*#/)) {
		if (is_wanted(NR, NR) && text !~ /^[ \t]*$/)
			print "other"
		directive = text ~ /\\$/
		next
	}
	while (match(text, /[{};]/)) {
		token = substr(text, RSTART, 1)
		before = substr(text, 1, RSTART - 1)
		text = substr(text, RSTART + 1)
		if (decl == "" && before !~ /[^ \t]/ && !depth)
			start = NR
		if (!depth) {
			if (decl ~ /^[ \t]*$/)
				start = NR
			decl = decl before
		}
		if (token == "{") {
			if (!depth++) {
				body = decl ~ /\)[ \tA-Za-z_]*$/
				decl = decl (body ? "" : "{")
			}
		} else if (token == "}") {
			if (depth && !--depth && body)
				done("function")
		} else if (!depth)
			done("prototype")
	}
	if (!depth) {
		if (decl ~ /^[ \t]*$/)
			start = NR
		decl = decl text " "
	}
}

END {
	if (decl ~ /[^ \t]/)
		done("other")
}
