# SPDX-License-Identifier: GPL-2.0
#
# The report of splice-gen, for people or (json=1) for programs.
#
#   awk -v name=UPDATE -v json=1|'' -v reasons=FILE -f report.awk REPORT
#
# FILE is what `splice-elf reasons` says. Fails for a reason that is not in it.
#
# Its input are lines of fields between tabs, the first says what the others are:
#
#   unit	OBJECT	TARGET			what follows is about this one
#   func	replaced|new|removed	NAME	WHY	[OLD NAME]
#   data	new|changed|removed|rewritten	NAME	WHY
#   pinned	SYMBOL	USER
#   refuse	REASON	WHERE	TEXT
#   note	WHERE	TEXT
#   cause	UNIT	FUNC	TEXT
#   insn	UNIT	FUNC	PART	OFFSET	OLD	NEW	OLD-LINE	NEW-LINE
#   entry	UNIT	FUNC	TEXT
#   error	STATUS	TEXT
#   module	PATH
#   seconds	STEP	SECONDS
#
# A vertical tab in a TEXT begins another line of it.

# A byte that is part of no UTF-8 character, or that JSON does not take as it is,
# is given by its number.
function string(text,	out, bytes)
{
	gsub(/\013/, "\n", text)
	if (text !~ /[^ !#-\[\]-~]/)
		return "\"" text "\""
	while (text != "") {
		if (match(text, /^[ !#-\[\]-~]+/))
			bytes = RLENGTH
		else
			bytes = utf8_length(text)
		if (bytes)
			out = out substr(text, 1, bytes)
		else
			out = out sprintf("\\u%04x", number[substr(text, 1, 1)])
		text = substr(text, bytes ? bytes + 1 : 2)
	}
	return "\"" out "\""
}

# Bytes of the character of two bytes or more that the text begins with, or 0.
function utf8_length(text)
{
	if (match(text, /^[\302-\337][\200-\277]/) ||
	    match(text, /^\340[\240-\277][\200-\277]/) ||
	    match(text, /^[\341-\354\356\357][\200-\277][\200-\277]/) ||
	    match(text, /^\355[\200-\237][\200-\277]/) ||
	    match(text, /^\360[\220-\277][\200-\277][\200-\277]/) ||
	    match(text, /^[\361-\363][\200-\277][\200-\277][\200-\277]/) ||
	    match(text, /^\364[\200-\217][\200-\277][\200-\277]/))
		return RLENGTH
	return 0
}

# The table of reasons: word, meaning, advice.
function read_reasons(	line, field)
{
	while (reasons != "" && (getline line < reasons) > 0) {
		split(line, field, "\t")
		meaning[field[1]] = field[2]
		advice[field[1]] = field[3]
	}
}

# The further lines of a text, below its first one.
function indented(text, indent)
{
	gsub(/\013/, "\n" indent, text)
	return text
}

# list[key] gets one more element.
function append(list, key, element)
{
	list[key] = list[key] (key in list && list[key] != "" ? "," : "") element
}

BEGIN {
	FS = "\t"
	for (i = 1; i < 256; i++)
		number[sprintf("%c", i)] = i
	read_reasons()
}

$1 == "unit" {
	object = $2
	unit = $3
	if (!(object in units))
		objects[++nr_objects] = object
	append(units, object, string(unit))
	targets[object, ++nr_targets[object]] = unit
}

$1 == "func" || $1 == "data" {
	object_of[++nr_changes] = object
	unit_of[nr_changes] = unit
	what[nr_changes] = $1
	change[nr_changes] = $2
	name_of[nr_changes] = $3
	why[nr_changes] = $4
	replaced += $1 == "func" && $2 == "replaced" || $2 == "rewritten"
}

$1 == "cause" { cause[$2, $3] = $4 }
$1 == "entry" { entry[$2, $3] = $4 }
$1 == "insn" {
	insn_part[$2, $3] = $4
	insn_offset[$2, $3] = $5
	insn_old[$2, $3] = $6
	insn_new[$2, $3] = $7
	line_old[$2, $3] = $8
	line_new[$2, $3] = $9
}

$1 == "pinned" {
	append(lists, "pinned", "{\"symbol\":" string($2) ",\"user\":" string($3) "}")
	tail = tail "  pinned: " $2 " may be left behind by " $3 \
	       ": can be undone, but not unloaded\n"
}

$1 == "refuse" && !told[$0]++ {
	if (!($2 in advice)) {
		print "splice-gen: internal error: no such reason: " $2 > "/dev/stderr"
		failed = 3
	}
	append(lists, "refusals", "{\"reason\":" string($2) ",\"where\":" string($3) \
	       ",\"text\":" string($4) ",\"meaning\":" string(meaning[$2]) \
	       ",\"advice\":" string(advice[$2]) "}")
	refused = refused sprintf("  %-14s %s\n                 %s\n                 advice: %s\n",
				  $2, $3, indented($4, "                 "), advice[$2])
}

$1 == "error" {
	if (!status || $2 < status) {
		status = $2 + 0
		error = ""
	}
	if ($2 == status)
		error = error (error == "" ? "" : "; ") $3
	wrong = wrong "  error: " $3 "\n"
}

$1 == "note" {
	append(lists, "notes", "{\"where\":" string($2) ",\"text\":" string($3) "}")
	tail = tail "  note: " $2 ": " indented($3, "        ") "\n"
}

$1 == "module" {
	append(lists, "modules", string($2))
	made = made "module " $2 "\n"
}

$1 == "seconds" {
	append(lists, "seconds", string($2) ":" $3)
}

# What --explain found out of a function, for programs.
function json_explained(key,	out)
{
	if (key in cause)
		out = ",\"cause\":" string(cause[key])
	if (key in insn_old) {
		out = out ",\"insn\":{\"function\":" string(insn_part[key]) \
		      ",\"offset\":" insn_offset[key] \
		      ",\"old\":" string(insn_old[key]) ",\"new\":" string(insn_new[key])
		if (line_old[key] != "")
			out = out ",\"old_line\":" string(line_old[key])
		if (line_new[key] != "")
			out = out ",\"new_line\":" string(line_new[key])
		out = out "}"
	}
	if (key in entry)
		out = out ",\"blocked\":" string(entry[key])
	return out
}

# And for people.
function text_explained(key,	out)
{
	if (key in cause)
		out = "                why: " cause[key] "\n"
	if (key in insn_old) {
		out = out sprintf("                at %s+0x%x", insn_part[key], insn_offset[key])
		if (line_new[key] != "")
			out = out ", " line_new[key]
		if (line_old[key] != "" && line_old[key] != line_new[key])
			out = out ", before " line_old[key]
		out = out "\n                  - " insn_old[key] \
			  "\n                  + " insn_new[key] "\n"
	}
	if (key in entry)
		out = out "                blocked when loaded: " entry[key] "\n"
	return out
}

function collect_json(	i)
{
	for (i = 1; i <= nr_changes; i++) {
		key = unit_of[i] SUBSEP name_of[i]
		text = "{\"name\":" string(name_of[i]) ",\"change\":" string(change[i]) \
		       ",\"why\":" string(why[i]) ",\"unit\":" string(unit_of[i])
		if (what[i] == "func")
			append(functions, object_of[i], text json_explained(key) "}")
		else
			append(data, object_of[i], text "}")
	}
}

function print_object(object,	i, n)
{
	print "  " object
	for (n = 1; n <= nr_targets[object]; n++) {
		print "    " targets[object, n]
		for (i = 1; i <= nr_changes; i++) {
			if (unit_of[i] != targets[object, n])
				continue
			printf "      %-9s %-32s %s\n", change[i],
			       name_of[i] (what[i] == "func" ? "()" : ""), why[i]
			if (what[i] == "func")
				printf "%s", text_explained(unit_of[i] SUBSEP name_of[i])
		}
	}
}

function print_json(	i, object)
{
	collect_json()
	printf "{\"update\":%s,\"objects\":[", string(name)
	for (i = 1; i <= nr_objects; i++) {
		object = objects[i]
		printf "%s{\"object\":%s,\"units\":[%s],\"functions\":[%s],\"data\":[%s]}",
		       (i > 1 ? "," : ""), string(object), units[object],
		       functions[object], data[object]
	}
	printf "],\"modules\":[%s]", lists["modules"]
	if (refused != "")
		printf ",\"refusals\":[%s]", lists["refusals"]
	printf ",\"pinned\":[%s],\"notes\":[%s],\"seconds\":{%s}",
	       lists["pinned"], lists["notes"], lists["seconds"]
	if (status)
		printf ",\"error\":{\"status\":%d,\"text\":%s}", status, string(error)
	print "}"
}

function print_text(	i)
{
	print "update " name
	for (i = 1; i <= nr_objects; i++)
		print_object(objects[i])
	printf "%s%s", tail, wrong
	if (refused != "")
		printf "cannot be spliced:\n%s", refused
	else if (!replaced && !status)
		print "nothing to change in a running kernel"
	printf "%s", made
}

END {
	if (json)
		print_json()
	else
		print_text()
	exit failed
}
