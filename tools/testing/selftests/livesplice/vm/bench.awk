# SPDX-License-Identifier: GPL-2.0
#
# From what bench-guest.sh has told, machine, time and counted, to
# Documentation/livesplice/bench.rst. Exit status 1 if a bar is missed, 2 if
# something was not measured.

function bad(text, status) {
	print "bench: " text >"/dev/stderr"
	if (status > rc)
		rc = status
}

function number(x, unit) {
	if (x == "" || x == "-") {
		bad("a figure is missing", 2)
		return "?"
	}
	if (unit == "us")
		return sprintf("%.1f", x / 1000)
	if (unit == "ms")
		return sprintf("%.2f", x / 1000000)
	if (unit == "kB")
		return sprintf("%.1f", x / 1024)
	if (unit == "ns")
		return sprintf("%.1f", x / 1000)
	return sprintf("%d", x)
}

function row(a, b, c, d, e, f, g, h) {
	printf "   * - %s\n", a
	for (i = 1; i <= width; i++)
		printf "     - %s\n", i == 1 ? b : i == 2 ? c : i == 3 ? d : i == 4 ? e : i == 5 ? f : i == 6 ? g : h
}

function list(columns, a, b, c, d, e, f, g, h) {
	width = columns - 1
	print ".. list-table::\n   :header-rows: 1\n"
	row(a, b, c, d, e, f, g, h)
}

function pair(key, from, unit) {
	return number(value[key, from], unit) " / " number(value[key, from + 1], unit)
}

function pause_table(run, unit,  i, key, name) {
	list(5, "what runs", "pause", "the whole stop_machine()", "an empty one", "one that walks all stacks")
	for (i = 1; i <= nr_pauses; i++) {
		name = pauses[i]
		key = run SUBSEP "pause" SUBSEP name
		row(name == "load" ? "forks, pipes and files, with gaps" : name " threads asleep", \
			pair(key, 1, unit), pair(key, 3, unit), pair(key, 5, unit), \
			number(value[key, 7], unit))
	}
	print ""
}

function functions_table(run, small, big,  i, key) {
	list(7, "functions", "load", "of it, match", "enable", "disable", "pause", "entries are INT3 for")
	for (i = 1; i <= nr_sets; i++) {
		key = run SUBSEP "functions" SUBSEP sets[i]
		row(sets[i], number(value[key, 1], big), number(value[key, 2], big), \
			number(value[key, 3], big), number(value[key, 4], big), \
			number(value[key, 5], small), number(value[key, 6], small))
	}
	print ""
}

function memory_table(  i, key, before) {
	list(4, "functions", "loaded", "enabled", "enabled, for each function")
	for (i = 1; i <= nr_sets; i++) {
		key = "time" SUBSEP "functions" SUBSEP sets[i]
		before = value[key, 7]
		row(sets[i], number(value[key, 8] - before, "kB") " kB", \
			number(value[key, 9] - before, "kB") " kB", \
			number((value[key, 9] - before) / sets[i]) " bytes")
	}
	print ""
}

function bar(what, found, wanted) {
	printf "* %s: %.2f, at most %s: %s\n", what, found, wanted, found <= wanted ? "kept" : "**missed**"
	if (!(found <= wanted))
		bad("bar missed: " what ": " found, 1)
}

FILENAME != file { file = FILENAME; run = FILENAME; sub(/.*\//, "", run) }
run == "machine" { machine = $0; next }
$1 == "failed" { sub(/^failed /, ""); bad(run ": " $0, 2); next }
$1 == "sums" {
	want = $2 == 1 ? 2 : 1
	if ($3 != want)
		bad(run ": the new code of " $2 " functions is not called", 2)
	sum[run, $2, 100] = $4
	sum[run, $2, 1000] = $5
	next
}
$1 == "window" || $1 == "call" {
	for (i = 2; i <= NF; i++)
		value[run, $1, "", i - 1] = $i
	next
}
{
	if (run == "time" && $1 == "pause")
		pauses[++nr_pauses] = $2
	if (run == "time" && $1 == "functions")
		sets[++nr_sets] = $2
	for (i = 3; i <= NF; i++)
		value[run, $1, $2, i - 2] = $i
}

END {
	if (sum["time", 100, 100] - sum["time", 1, 100] != 100 ||
	    sum["time", 1000, 1000] - sum["time", 1, 1000] != 1000)
		bad("not all functions were replaced", 2)

	print ".. SPDX-License-Identifier: GPL-2.0\n.. Written by make bench. Do not edit.\n"
	print "==============\nWhat it costs\n==============\n"
	print "Measured by ``make bench``, on " machine ".\n"
	print "Pairs are the median and the 99th percentile of 200. The *pause* is the time for"
	print "which nothing but livesplice runs; the *whole stop_machine()* is that, and"
	print "gathering the CPUs and letting them go.\n"
	print "In time\n=======\n"
	print "Of this machine, in an emulator, and noisy. Pauses in microseconds:\n"
	pause_table("time", "us")
	print "Updates of that many functions; microseconds for pause and INT3, else milliseconds:\n"
	functions_table("time", "us", "ms")
	printf "With a thread on each CPU that does nothing but call the function, its entry was\n"
	printf "INT3 for %s us, and %d calls went through it in %d switches.\n\n", \
		pair("time" SUBSEP "window" SUBSEP "", 2, "us"), \
		value["time", "window", "", 4], value["time", "window", "", 1]
	printf "A call takes %s ns, %s ns if the function is replaced, %s ns if it is livepatched.\n\n", \
		number(value["time", "call", "", 1], "ns"), number(value["time", "call", "", 2], "ns"), \
		number(value["time", "call", "", 3], "ns")
	print "Counted\n=======\n"
	print "In instructions, all CPUs together: the same on every machine. Pauses:\n"
	pause_table("counted", "")
	print "Updates of that many functions:\n"
	functions_table("counted", "", "")
	printf "A call takes %s instructions, %s if the function is replaced, %s if it is livepatched.\n\n", \
		number(value["counted", "call", "", 1], "ns"), number(value["counted", "call", "", 2], "ns"), \
		number(value["counted", "call", "", 3], "ns")
	print "Memory\n======\n"
	print "What the kernel has less than before the update was loaded: the module with the"
	print "new code, tables, directories in sysfs. What else the kernel allocates meanwhile is noise\nof up to some hundred kilobytes: see the last row.\n"
	memory_table()
	print "Bars\n====\n"
	p = "counted" SUBSEP "pause" SUBSEP
	bar("10 000 threads, beside 100: the whole stop_machine()", \
		value[p "10000", 3] / value[p "100", 3], 1.5)
	bar("10 000 threads, beside 100: the pause", \
		value[p "10000", 1] / value[p "100", 1], 1.5)
	bar("10 000 threads: the whole stop_machine(), beside an empty one", \
		value[p "10000", 3] / value[p "10000", 5], 2)
	bar("a call of a replaced function: instructions more", \
		(value["counted", "call", "", 2] - value["counted", "call", "", 1]) / 1000, 3)
	bar("1000 functions: seconds to enable", value["time", "functions", 1000, 3] / 1e9, 2)
	exit rc
}
