# SPDX-License-Identifier: GPL-2.0
#
# The functions that a preprocessed source defines.
#
#   gcc -E -P ... | awk -f functions.awk
#
# One line each, NAME <tab> DEFINITION, without white space and without the
# numbers that make names unique, which move with everything above them.
#
# Called by splice-gen, for --explain.

# Of "static long __attribute__((x)) foo(int a)".
function name_of(text)
{
	gsub(/__attribute__ *\(\([^()]*(\([^()]*\)[^()]*)*\)\)/, " ", text)
	gsub(/(typeof|__typeof__|_Alignas) *\([^()]*(\([^()]*\)[^()]*)*\)/, " ", text)
	if (text ~ /=/ || !match(text, /[A-Za-z_][A-Za-z_0-9]* *\(/))
		return ""
	text = substr(text, RSTART, RLENGTH)
	sub(/ *\($/, "", text)
	return text
}

# Length of the string or character constant that the text begins with.
function literal(text, quote)
{
	if (quote == "\"" && match(text, /^"([^"\\]|\\.)*"/) ||
	    quote == "'" && match(text, /^'([^'\\]|\\.)*'/))
		return RLENGTH
	return 1
}

function emit(	name)
{
	name = name_of(head)
	if (name == "")
		return
	gsub(/[ \t]+/, " ", decl)
	gsub(/__UNIQUE_ID_[A-Za-z_0-9]*/, "__UNIQUE_ID", decl)
	print name "\t" decl
}

{
	rest = $0 " "
	while (match(rest, /[{};"']/)) {
		token = substr(rest, RSTART, 1)
		before = substr(rest, 1, RSTART - 1)
		rest = substr(rest, RSTART)
		size = token ~ /["']/ ? literal(rest, token) : 1
		if (token == "{" && !depth++)
			head = decl before
		decl = decl before substr(rest, 1, size)
		rest = substr(rest, size + 1)
		if (token == "}" && depth && !--depth && head ~ /\)[ A-Za-z_]*$/) {
			emit()
			decl = ""
		} else if (token == ";" && !depth) {
			decl = ""
		}
	}
	decl = decl rest
}
