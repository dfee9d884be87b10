# SPDX-License-Identifier: GPL-2.0
#
# The report of splice-gen, for people or (json=1) for programs.
#
#   awk -v name=UPDATE -v json=1|'' -f report.awk REPORT
#
# Its input are lines of fields between tabs, the first says what the others are:
#
#   unit	OBJECT	TARGET			what follows is about this one
#   func	replaced|new|removed	NAME	WHY	[OLD NAME]
#   data	new|changed|removed|rewritten	NAME	WHY
#   pinned	SYMBOL	USER
#   refuse	REASON	WHERE	TEXT
#   note	WHERE	TEXT
#   module	PATH
#   seconds	STEP	SECONDS
#
# A vertical tab in a TEXT begins another line of it.

function string(text)
{
	gsub(/\\/, "&&", text)
	gsub(/"/, "\\\"", text)
	gsub(/\013/, "\\n", text)
	gsub(/[\001-\037]/, " ", text)
	return "\"" text "\""
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

BEGIN { FS = "\t" }

$1 == "unit" {
	object = $2
	unit = $3
	if (!(object in units))
		objects[++nr_objects] = object
	append(units, object, string(unit))
	body[object] = body[object] "    " unit "\n"
}

$1 == "func" || $1 == "data" {
	change = "{\"name\":" string($3) ",\"change\":" string($2) \
		 ",\"why\":" string($4) ",\"unit\":" string(unit) "}"
	if ($1 == "func")
		append(functions, object, change)
	else
		append(data, object, change)
	body[object] = body[object] sprintf("      %-9s %-32s %s\n", $2,
		       $3 ($1 == "func" ? "()" : ""), $4)
}

$1 == "pinned" {
	append(lists, "pinned", "{\"symbol\":" string($2) ",\"user\":" string($3) "}")
	tail = tail "  pinned: " $2 " may be left behind by " $3 \
	       ": can be undone, but not unloaded\n"
}

$1 == "refuse" {
	append(lists, "refusals", "{\"reason\":" string($2) ",\"where\":" string($3) \
	       ",\"text\":" string($4) "}")
	refused = refused sprintf("  %-14s %s\n                 %s\n", $2, $3,
				  indented($4, "                 "))
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

function print_json(	i, object)
{
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
	printf ",\"pinned\":[%s],\"notes\":[%s],\"seconds\":{%s}}\n",
	       lists["pinned"], lists["notes"], lists["seconds"]
}

function print_text(	i)
{
	print "update " name
	for (i = 1; i <= nr_objects; i++)
		printf "  %s\n%s", objects[i], body[objects[i]]
	printf "%s", tail
	if (refused != "")
		printf "cannot be spliced:\n%s", refused
	else if (!nr_objects)
		print "nothing to change in a running kernel"
	printf "%s", made
}

END {
	if (json)
		print_json()
	else
		print_text()
}
