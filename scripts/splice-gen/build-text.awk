# SPDX-License-Identifier: GPL-2.0
#
# What of a Kconfig file or makefile has an effect on a build.
#
#   awk -v kind=kconfig -f build-text.awk KCONFIG
#   awk -v kind=make -v config=AUTO_CONF -f build-text.awk MAKEFILE
#
# Prints the file without comments, help texts, empty lines, and objects that
# hang on an option that AUTO_CONF does not set. Where it is not plain what a
# line is, the line stays: two files whose outputs agree make the same kernel.
#
# Called by splice-gen.

# Tabs count as in Kconfig: to the next multiple of 8.
function indent(text,	i, char, columns)
{
	for (i = 1; (char = substr(text, i, 1)) ~ /[ \t]/; i++)
		columns += char == "\t" ? 8 - columns % 8 : 1
	return columns + 0
}

# A help text is what is indented as far as its first line, or further.
function kconfig(text)
{
	if (help) {
		if (text ~ /^[ \t]*$/)
			return
		if (!help_indent)
			help_indent = indent(text)
		if (help_indent && indent(text) >= help_indent)
			return
		help = 0
	}
	if (continued) {
		print text
	} else if (text ~ /^[ \t]*help[ \t]*$/) {
		help = 1
		help_indent = 0
		return
	} else if (text !~ /^[ \t]*(#.*)?$/) {
		print text
	}
	continued = text ~ /\\$/
}

# Recipes go to a shell, and in the middle of something nothing is a comment.
function make(text,	part)
{
	if (match(text, /CONFIG_[A-Za-z0-9_]+[ \t]*[:+?]*=/)) {
		split(substr(text, RSTART), part, /[ \t:+?=]/)
		set[part[1]] = 1
	}
	if (text ~ /^[ \t]*define([ \t]|$)/)
		define++
	if (define || continued || text ~ /^\t/ || text ~ /\\$/) {
		print text
	} else if (text !~ /^ *(#.*)?$/) {
		if (match(text, /#[^"'`$()\\]*$/) && text !~ /["'`]/ &&
		    substr(text, 1, RSTART - 1) !~ /[#\\]/)
			text = substr(text, 1, RSTART - 1)
		split(text, part, /[()]/)
		if (text !~ /^obj-\$\(CONFIG_[A-Z0-9_a-z]+\)[ \t]*\+=/ || part[2] in set)
			print text
	}
	if (define && text ~ /^[ \t]*endef/)
		define--
	continued = text ~ /\\$/
}

BEGIN {
	while (config != "" && (getline line < config) > 0)
		if (line ~ /^CONFIG_[A-Za-z0-9_]+=/)
			set[substr(line, 1, index(line, "=") - 1)] = 1
}

kind == "kconfig"	{ kconfig($0) }
kind == "make"		{ make($0) }
