# SPDX-License-Identifier: GPL-2.0
#
# Why the functions of a unit changed: lines for report.awk.
#
#   awk -v unit=TARGET -v roots=DIR:... -f explain.awk kind=... side=... FILE...
#
# Each file is of a kind, and those but the last of a side, pre or post:
#
#   text	what functions.awk says of the source
#   lines	PATH FIRST LAST of lines that the patch changes
#   bodies	PATH FIRST LAST of what stands between empty lines and ends with }
#   frames	"@FUNCTION", then what addr2line -a -i -f says of its code
#   asm		"@FUNCTION", then the first instruction that differs
#   detail	what splice-elf says, see explain.c
#
# Roots are what paths may begin with that is not to be seen.
#
# Called by splice-gen.

# foo.isra.0 was made of foo.
function source_name(name)
{
	sub(/\..*/, "", name)
	return name
}

function short_path(path,	i)
{
	sub(/ \(discriminator [0-9]+\)$/, "", path)
	for (i = 1; i <= nr_roots; i++)
		if (index(path, root[i]) == 1) {
			path = substr(path, length(root[i]) + 1)
			break
		}
	gsub(/\/\.\//, "/", path)
	while (match(path, /[^\/.][^\/]*\/\.\.\//))
		path = substr(path, 1, RSTART - 1) substr(path, RSTART + RLENGTH)
	return path
}

# The frames of one instruction: from what was inlined to the function itself.
function end_of_frames(	i, part, line)
{
	if (!nr_frames)
		return
	where[side, function_at, address] = place[nr_frames]
	if (nr_frames > 1)
		inside[side, function_at, address] = frame[1] " at " place[1]
	for (i = 1; i < nr_frames; i++)
		if (!((function_at, frame[i]) in inlined)) {
			inlined[function_at, frame[i]] = 1
			inlines[function_at] = inlines[function_at] " " frame[i]
		}
	split(place[nr_frames], part, ":")
	line = part[2] + 0
	if (line && (!((side, function_at) in file) || file[side, function_at] == part[1])) {
		file[side, function_at] = part[1]
		if (!((side, function_at) in first) || line < first[side, function_at])
			first[side, function_at] = line
		if (line > last[side, function_at])
			last[side, function_at] = line
	}
	nr_frames = 0
}

# Does the patch change a line of the function? Not every line has code.
function is_touched(side, name,	i, from, to)
{
	from = first[side, name]
	to = last[side, name]
	for (i = 1; i <= nr_bodies; i++)
		if (body_side[i] == side && body_path[i] == file[side, name] &&
		    body_first[i] <= from && body_last[i] >= from) {
			from = body_first[i]
			to = body_last[i]
			break
		}
	for (i = 1; i <= nr_lines; i++)
		if (line_side[i] == side && line_path[i] == file[side, name] &&
		    line_first[i] <= to && line_last[i] >= from)
			return 1
	return 0
}

# All that the patch does to what the function is made of.
function from_source(name,	base, why, i, n, callee, known)
{
	base = source_name(name)
	known = (("pre", name) in file) || (("post", name) in file)
	if (text["pre", base] != text["post", base])
		why = !known || is_touched("pre", name) || is_touched("post", name) ? \
			"patched text" : "changed macro in its text"
	n = split(inlines[name], callee, " ")
	for (i = 1; i <= n; i++)
		if (callee[i] != base && text["pre", callee[i]] != text["post", callee[i]])
			why = why (why == "" ? "" : ", ") "inlined callee " callee[i]
	return why
}

function from_code(name)
{
	if (!(name in code_kind))
		return why_of[name]
	if (code_kind[name] == "reference")
		return "reference to " code_target[name]
	if (code_kind[name] == "string")
		return "changed string"
	if (code_kind[name] == "constant")
		return "changed constant"
	return "nothing that the patch touches: the compiler chose otherwise"
}

BEGIN {
	FS = "\t"
	nr_roots = split(roots, root, ":")
}

FNR == 1 { end_of_frames() }

kind == "text" {
	text[side, $1] = $2
	next
}

kind == "lines" {
	split($0, part, " ")
	line_side[++nr_lines] = side
	line_path[nr_lines] = part[1]
	line_first[nr_lines] = part[2]
	line_last[nr_lines] = part[3]
	next
}

kind == "bodies" {
	split($0, part, " ")
	body_side[++nr_bodies] = side
	body_path[nr_bodies] = part[1]
	body_first[nr_bodies] = part[2]
	body_last[nr_bodies] = part[3]
	next
}

kind == "frames" && /^@/ {
	end_of_frames()
	function_at = substr($0, 2)
	next
}

kind == "frames" && /^0x/ {
	end_of_frames()
	address = $0
	sub(/^0x0*/, "", address)
	next_is_name = 1
	next
}

kind == "frames" {
	if (next_is_name)
		frame[++nr_frames] = $0
	else
		place[nr_frames] = short_path($0)
	next_is_name = !next_is_name
	next
}

kind == "asm" && /^@/ {
	function_at = substr($0, 2)
	next
}

kind == "asm" {
	asm[side, function_at] = $0
	next
}

# What is in the report already: why, as splice-elf sees it.
kind == "detail" && $1 == "func" && $2 == "replaced" {
	why_of[$3] = $4
	names[++nr_names] = $3
	if ($4 ~ /^[_.]/)
		why_of[$3] = "changed table entry " $4
	next
}

kind == "detail" && $2 == "first" {
	code_kind[$3] = $4
	code_target[$3] = $5
	part_of[$3] = $6
	offset[$3] = $7
	at["pre", $3] = sprintf("%x", $9)
	at["post", $3] = sprintf("%x", $12)
	next
}

kind == "detail" && $2 == "entry" {
	entry[$3] = $4
	next
}

function line_of(side, name,	line)
{
	line = where[side, name, at[side, name]]
	if (line ~ /^\?|:(0|\?)$/)
		return ""
	if ((side, name, at[side, name]) in inside)
		line = line " (" inside[side, name, at[side, name]] ")"
	return line
}

END {
	OFS = "\t"
	for (i = 1; i <= nr_names; i++) {
		name = names[i]
		why = from_source(name)
		print "cause", unit, name, why != "" ? why : from_code(name)
		if (name in code_kind)
			print "insn", unit, name, part_of[name], offset[name],
			      asm["pre", name], asm["post", name],
			      line_of("pre", name), line_of("post", name)
		if (name in entry)
			print "entry", unit, name, entry[name]
	}
}
