# SPDX-License-Identifier: GPL-2.0
#
# Are the functions that splice-gen replaces those that really differ?
#
#   awk -f corpus-diff.awk OBJDIFF.TSV pNNN.log...
#
# The corpus comes with the sections that differ between the objects of the base
# and of the base with the patch, found by other means. One line for each patch
# for which something was replaced or refused: "NNN N functions, as the objects
# differ", or what only one of both has. Called by corpus.sh.
#
# A section of the list is that of a function, or has it behind a colon, or is one
# of many functions, any of which may differ.

# Numbers that the compiler adds mean nothing; a cold part is its function's.
function plain(name)
{
	sub(/\(\)$/, "", name)
	sub(/\.cold(\.[0-9]+)?$/, "", name)
	gsub(/\.[0-9]+/, "", name)
	return name
}

FILENAME == ARGV[1] {
	if ($4 != "changed" && $4 != "new" || $5 !~ /^\.(ref\.)?text/)
		next
	name = $5
	if (sub(/^[^:]*:/, "", name) || sub(/^\.text(\.unlikely|\.hot)?\./, "", name)) {
		if (name !~ /^__pfx_/)
			truth[$2] = truth[$2] " " $3 ":" plain(name)
	} else {
		any[$2 " " $3]
	}
	next
}

FNR == 1 {
	id = FILENAME
	gsub(/.*\/p|\.log$/, "", id)
	ids[++nr_ids] = id
}

/^    [^ ]+\.o$/		{ unit = $1 }
/^      (replaced|new) .*\(\)/ {
	word = " " unit ":" plain($2)
	told[id] = told[id] word
	if (id " " unit in any)
		truth[id] = truth[id] word
}

# Words of a that b has not.
function only(a, b,	n, i, word, has, out)
{
	n = split(b, word, " ")
	for (i = 1; i <= n; i++)
		has[word[i]] = 1
	n = split(a, word, " ")
	for (i = 1; i <= n; i++)
		if (!(word[i] in has) && !out_has[word[i]]++)
			out = out " " word[i]
	delete out_has
	return out
}

END {
	for (i = 1; i <= nr_ids; i++) {
		id = ids[i]
		missing = only(truth[id], told[id])
		more = only(told[id], truth[id])
		if (missing == "" && more == "")
			printf "%s %d functions, as the objects differ\n", id, \
				split(told[id], unused, " ")
		else
			printf "%s%s%s\n", id, \
				missing == "" ? "" : " not replaced:" missing, \
				more == "" ? "" : " replaced as well:" more
	}
}
