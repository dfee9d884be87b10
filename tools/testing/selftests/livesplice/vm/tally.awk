# SPDX-License-Identifier: GPL-2.0
#
# Counts the results of run-tests.sh. What did not happen is a failure: results
# that the plan promised, a test that did not end, a skip (check.sh provides
# all that a test can need).
#
# Prints "passed failed" and then the failures, a line each.

function bad(what) {
	failed++
	why[++nr_why] = name ": " what
}

function leave(rc,  i) {
	for (i = seen + 1; i <= plan; i++)
		bad("no result " i (rc == "" ? " (the guest ended)" : ""))
	if (seen > plan)
		bad("more results than planned")
	if (rc == "" && seen >= plan)
		bad("no end: the guest stopped in it")
	if (rc == 143 || rc == 124)
		bad("took too long")
	else if (rc != "" && rc != 0 && !not_ok && seen == plan)
		bad("exit status " rc)
	name = ""
}

{ sub(/\r$/, "") }
/^@@test / { name = $2; plan = -1; seen = not_ok = 0; next }
name == "" { next }
/^@@rc / {
	if (plan < 0) {
		plan = 0
		bad("no plan")
		not_ok++
	}
	leave($3)
	next
}
/^1\.\.0 # SKIP/ { plan = 0; not_ok++; bad("skipped:" substr($0, 13)); next }
/^1\.\.[0-9]+$/ && plan < 0 { plan = substr($0, 4) + 0; next }
/^ok [0-9]+/ {
	seen++
	if (/# SKIP/)
		bad("skipped: " $0)
	else
		passed++
}
/^not ok [0-9]+/ { seen++; not_ok++; bad($0) }

END {
	if (name != "") {
		if (plan < 0)
			plan = 1
		leave("")
	}
	print passed + 0, failed + 0
	for (i = 1; i <= nr_why; i++)
		print why[i]
}
