# SPDX-License-Identifier: GPL-2.0
#
# Length of functions and files against the budgets: lint.sh gives max_func and
# max_file. A function is what stands between "{" and "}" in the first column
# (C), or between "name()" and "}" there (shell).

function report(line, what, size, max) {
	if (size > max)
		printf "%s:%d: %s has %d lines, budget %d\n", FILENAME, line, what, size, max
}

FNR == 1 { start = 0; lines[FILENAME] = 0 }
{ lines[FILENAME]++ }
/^[A-Za-z_][A-Za-z0-9_]*\(\)/ { title = $1 }
/^[A-Za-z_].*\(/ && !/;$/ { title = $0; sub(/\(.*/, "", title); sub(/.*[ *]/, "", title) }
/^\{/ || /^[A-Za-z_][A-Za-z0-9_]*\(\) *[{(]$/ { start = FNR }
/^[})]/ && start { report(start, title, FNR - start - 1, max_func); start = 0 }
END {
	for (file in lines) {
		FILENAME = file
		report(lines[file], "file", lines[file], max_file)
	}
}
