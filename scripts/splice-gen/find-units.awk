# SPDX-License-Identifier: GPL-2.0
#
# Which targets of a finished build were made from certain source files?
#
#   awk -v root=ROOT -f find-units.awk TOUCHED CMDFILE...
#
# TOUCHED lists paths from the top of the source tree, ROOT is what the build
# put in front of them (with its slash; empty when it ran in the source tree).
# The .cmd files of kbuild say for each target with which command it was made
# and which files the compiler read. One line for each hit:
#
#   TARGET <tab> SOURCE <tab> PATH <tab> compiled|made <tab> COMMAND
#
# SOURCE is the file that was compiled, or "-"; "made" means that the target comes from
# a command that names the file, but was not compiled from it. Includes by way
# of ".." do not hide: paths are compared in their shortest form.
#
# Called by splice-gen.

# a/b/../c becomes a/c.
function shorten(path)
{
	gsub(/\/(\.?\/)+/, "/", path)
	sub(/^\.\//, "", path)
	while (match(path, /[^\/.][^\/]*\/\.\.\//))
		path = substr(path, 1, RSTART - 1) substr(path, RSTART + RLENGTH)
	return path
}

function hit(path, how)
{
	if (seen[target, path]++)
		return
	print target "\t" (source == "" ? "-" : source) "\t" path "\t" how \
	      "\t" command
}

function base(path)
{
	sub(/.*\//, "", path)
	return path
}

# Whether the path, as the build wrote it, is a touched file.
function look(word, how,	path)
{
	if (!(base(word) in bases))
		return
	path = shorten(word)
	if (substr(path, 1, length(root)) != root)
		return
	path = substr(path, length(root) + 1)
	if (path in touched)
		hit(path, how)
}

# What was said of a target is complete and names no source: generators, host
# programs. Their commands name what they read.
function without_source(	i)
{
	if (source == "")
		for (i = 1; i <= words; i++)
			look(word[i], "made")
}

FILENAME == ARGV[1] {
	touched[$0] = 1
	bases[base($0)] = 1
	next
}

/^(saved)?cmd_[^ ]* := / {
	without_source()
	target = $1
	sub(/^(saved)?cmd_/, "", target)
	source = ""
	command = substr($0, index($0, " := ") + 4)
	words = split(command, word, " ")
	next
}

/^source_[^ ]* := / {
	source = $3
	look($3, "compiled")
	next
}

/^  +[^ $]/ {
	look($1, "compiled")
	next
}

END { without_source() }
