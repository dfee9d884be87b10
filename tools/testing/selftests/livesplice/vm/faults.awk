# SPDX-License-Identifier: GPL-2.0
#
# From the output of faults.sh to Documentation/livesplice/faults.rst: a row for
# each result, with what the test said of it.

function cell(text) {
	gsub(/[\\*`|_]/, "\\\\&", text)
	return text
}

function section(name,  i, line, title) {
	title = name == "test-fault.sh" ? "Steps that fail" : \
		name == "test-race.sh" ? "At the same time" : "A broken invariant"
	line = title
	gsub(/./, "=", line)
	print title "\n" line "\n"
	print ".. list-table::\n   :header-rows: 1\n"
	print "   * - what\n     - came of it"
	for (i = 1; i <= nr; i++)
		print "   * - " cell(what[i]) "\n     - " cell(what[i] in said ? said[what[i]] : "as it should")
	print ""
	nr = 0
	delete said
}

BEGIN {
	print ".. SPDX-License-Identifier: GPL-2.0\n.. Written by make faults. Do not edit.\n"
	print "================\nWhat if it fails\n================\n"
	print "Every step that can fail is made to fail, by the kernel's fault injection, in"
	print "each place: an allocation after the other, then the other steps by the name of"
	print "their function. \"fails N\" is the number of runs in which one failed, and what"
	print "follows are the answers. Afterwards text, references and memory are compared."
	print "``make check`` does the same.\n"
}
/^# test-[a-z]*\.sh: [0-9]+ s/ {
	if ($2 ~ /^test-(fault|race|poison)\.sh:/) {
		sub(/:$/, "", $2)
		section($2)
		sections++
	}
	next
}
/^# [^:]*: / {
	key = line = substr($0, 3)
	if (match(line, /: (fails|attempts|of|[0-9])/)) {
		key = substr(line, 1, RSTART - 1)
		said[key] = substr(line, RSTART + 2)
	}
	next
}
/^ok [0-9]+ / && !/^ok [0-9]+ livesplice_/ {
	sub(/^ok [0-9]+ /, "")
	what[++nr] = $0
}
/^ok generate/ || /^==/ { nr = 0 }
END { exit sections != 3 }
