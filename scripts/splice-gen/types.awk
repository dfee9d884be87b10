# SPDX-License-Identifier: GPL-2.0
#
# The types that a preprocessed source defines at file scope.
#
#   gcc -E -P ... | awk -f types.awk
#
# One line each, NAME <tab> DEFINITION, for structs, unions and typedefs. Two
# sources whose lines agree lay out their objects in the same way; where lines
# of one name differ they may not. Macros are gone here, so that the number of
# elements of an array is seen to change wherever it comes from.
#
# Called by splice-gen.

function identifier(text)
{
	if (!match(text, /[A-Za-z_][A-Za-z_0-9]*[^A-Za-z_0-9]*$/))
		return ""
	return substr(text, RSTART, RLENGTH)
}

# Attributes stand in the way of a name, and hold parentheses.
function without_attributes(text)
{
	gsub(/__attribute__ *\(\([^()]*(\([^()]*\)[^()]*)*\)\)/, " ", text)
	gsub(/__extension__|_Alignas *\([^()]*\)/, " ", text)
	return text
}

# Of "static struct foo" (before the brace) or "typedef int (*foo)(int)".
function name_of(text)
{
	if (match(text, /\( *\* *[A-Za-z_][A-Za-z_0-9]* *\)/))
		text = substr(text, RSTART, RLENGTH)
	else
		sub(/\[.*/, "", text)
	text = identifier(text)
	gsub(/[^A-Za-z_0-9]/, "", text)
	return text
}

function emit(	bare, name)
{
	if (kind != "") {
		name = name_of(head)
		if (name == kind)
			name = "of " name_of(without_attributes(tail))
	} else {
		bare = without_attributes(decl)
		if (bare !~ /^[ ;]*typedef /)
			return
		kind = "typedef"
		name = name_of(bare)
	}
	print kind " " name "\t" squeeze(decl)
}

# White space does not matter where it separates no words.
function squeeze(text,	i, char)
{
	gsub(/[ \t]+/, " ", text)
	for (i = 1; i <= length(PUNCTUATION); i++) {
		char = substr(PUNCTUATION, i, 1)
		gsub(" ?[" char "] ?", char, text)
	}
	return text
}

function begin()
{
	decl = head = tail = kind = ""
	known = initialised = 0
}

# What follows at depth 0 belongs to the declaration; what is between braces
# only if they are those of a struct or union.
function opened(	bare)
{
	if (depth++ || known)
		return
	known = 1
	bare = without_attributes(decl)
	if (match(bare, /(^|[^A-Za-z_0-9])(struct|union)( +[A-Za-z_][A-Za-z_0-9]*)? *$/)) {
		head = bare
		bare = substr(bare, RSTART)
		kind = bare ~ /union/ && bare !~ /struct/ ? "union" : "struct"
	}
}

function closed(	bare)
{
	if (depth)
		depth--
	bare = without_attributes(decl)
	if (!depth && kind == "" && bare ~ /\)/ && !initialised)
		begin()
}

function add(text)
{
	if (depth && kind == "" || initialised)
		return
	if (!depth && sub(/=.*/, "", text))
		initialised = 1
	decl = decl text
	if (!depth && kind != "")
		tail = tail text
}

BEGIN {
	PUNCTUATION = "{};,*()[:"
	begin()
}

{
	gsub(/"([^"\\]|\\.)*"/, "\"\"")
	gsub(/'([^'\\]|\\.)+'/, "0")
	rest = $0
	while (match(rest, /[{};]/)) {
		add(substr(rest, 1, RSTART - 1))
		token = substr(rest, RSTART, 1)
		rest = substr(rest, RSTART + 1)
		if (token == "{") {
			opened()
			add("{")
		} else if (token == "}") {
			add("}")
			closed()
		} else if (depth) {
			add(";")
		} else {
			emit()
			begin()
		}
	}
	add(rest " ")
}
