# SPDX-License-Identifier: GPL-2.0
#
# What a unified diff says of itself.
#
#   awk -v want=files -f patch-info.awk PATCH      paths that it changes (-p1)
#   awk -v want=subject -f patch-info.awk PATCH    first line of its message
#   awk -v want=layout-ok -f patch-info.awk PATCH  types of Splice-layout-ok: lines
#
# Fails, with a message, for what cannot be followed file by file. Files that git
# makes, removes or moves are told also if no line of them is.
#
# Called by splice-gen.

function complain(text)
{
	print text > "/dev/stderr"
	failed = 1
}

# "a/kernel/exit.c<tab>date" is kernel/exit.c
function add(path)
{
	sub(/\t.*/, "", path)
	sub(/\r$/, "", path)
	if (path == "/dev/null")
		return
	if (path !~ /^[^\/"]+\/./ || path ~ /(^|\/)\.\.(\/|$)|[ \t"'\\$]/)
		complain("cannot handle this path: " path)
	sub(/^[^\/]*\/+/, "", path)
	if (!seen[path]++)
		files[++count] = path
}

# "diff --git a/FILE b/FILE": the names are the same, or are told further below.
function git_file(line,	half)
{
	sub(/\r$/, "", line)
	sub(/^diff --git /, "", line)
	half = substr(line, 1, (length(line) - 1) / 2)
	return substr(half, 3) == substr(line, length(half) + 4) ? half : ""
}

function subject_of(line)
{
	sub(/\r$/, "", line)
	if (line ~ /^Subject: /) {
		sub(/^Subject: +(\[[^]]*\] *)*/, "", line)
		return line
	}
	if (line ~ /^(From|Date|To|Cc|Reply-To|In-Reply-To|References): / ||
	    line ~ /^(Message-I[Dd]|MIME-Version|Content-[A-Za-z-]*|X-[A-Za-z-]*): / ||
	    line ~ /^(From |commit [0-9a-f]+$|Author: |AuthorDate: |index )/)
		return ""
	sub(/^[ \t]+/, "", line)
	return line
}

# The inside of a hunk is not looked at.
old > 0 || new > 0 {
	if (/^-/)
		old--
	else if (/^\+/)
		new--
	else if (!/^\\/) {
		old--
		new--
	}
	next
}

/^@@ -[0-9,]+ \+[0-9,]+ @@/ {
	n = split($2, part, ",")
	old = n > 1 ? part[2] : 1
	n = split($3, part, ",")
	new = n > 1 ? part[2] : 1
	next
}

# Anywhere between the hunks: several patches may follow each other.
/^[ \t]*Splice-layout-ok:/ {
	sub(/^[^:]*:/, "")
	n = split($0, part, ",")
	for (i = 1; i <= n; i++) {
		gsub(/[ \t\r]+/, " ", part[i])
		gsub(/^ | $/, "", part[i])
		if (part[i] != "")
			words[++nr_words] = part[i]
	}
	next
}

/^diff --git / {
	body = 1
	git = git_file($0)
	next
}

/^(new|deleted) file mode / && git != "" {
	add(git)
	next
}

body && /^(rename|copy) (from|to) [^ ]/ {
	path = $0
	sub(/^[a-z]+ [a-z]+ /, "", path)
	add("a/" path)
	next
}

/^(GIT binary patch|Binary files )/ {
	complain("binary files cannot be handled: " (git == "" ? $0 : substr(git, 3)))
	next
}

/^--- [^ ]/ && !/^--- $/ {
	body = 1
	minus = substr($0, 5)
	next
}

/^\+\+\+ / && minus != "" {
	add(minus)
	add(substr($0, 5))
	minus = ""
	next
}

/^diff / || /^---$/	{ body = 1 }

!body && subject == "" {
	subject = subject_of($0)
	folded = /^Subject: /
	next
}

# A mail header goes on in the lines that start with a blank.
!body && folded && /^[ \t]/ {
	sub(/^[ \t]+/, "")
	sub(/\r$/, "")
	subject = subject " " $0
	next
}

{ folded = 0 }

END {
	if (want == "subject") {
		gsub(/[\001-\037\177]/, " ", subject)
		print subject
		exit
	}
	if (want == "layout-ok") {
		for (i = 1; i <= nr_words; i++)
			print words[i]
		exit
	}
	for (i = 1; i <= count; i++)
		print files[i]
	exit failed
}
