#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Makefiles and Kconfig files may change as long as this build is none the wiser.

# shellcheck disable=SC1091,SC2016,SC2317 # functions are called through ok
. "$(dirname "$0")/gen-lib.bash"
need_helper

source_file kernel/Kconfig <<'EOT'
# All of it
config THING
	bool "A thing"
	default y if \
		OTHER
	help
	  What it is, and
	    more of it.

	  # Still text.

config OTHER
	int "A # number"
	default 3
EOT
{
	cat <<'EOT'
# All of it
obj-y += one.o	# always
obj-$(CONFIG_THING) += thing.o
obj-$(CONFIG_ABSENT) += absent.o
CFLAGS_one.o := -DTEXT="a \# b" $(call flag, x)
EOT
	cat <<'EOT'
define recipe
# not a comment
endef
LIST := a \
	b
# one \
  and the same

all:
	echo one # for the shell
EOT
} | source_file kernel/Makefile
echo "CONFIG_THING=m" >> "$OBJ/include/config/auto.conf"

# idle FILE WHAT SED, refused the same
idle() {
	ok "$2" status 66 "note: $1: .*no effect" gen "$(patch_of idle "$1" "$3")"
	ok "$2: leaves a difference to test" test -s "$WORK/idle.patch"
}

refused() {
	ok "$2" status 1 "^  $word +$1" gen "$(patch_of other "$1" "$3")"
}

idle kernel/Kconfig "Kconfig: a comment" 's/All of it/And more/'
idle kernel/Kconfig "Kconfig: a help text" 's/What it is/What it was/;s/Still text/&, in a way/'
idle kernel/Kconfig "Kconfig: more of a help text" 's/^.*more of it.*/&\n\t  config NONE/'
idle kernel/Kconfig "Kconfig: empty lines" 's/^config OTHER/\n\n&/'
word=kconfig
refused kernel/Kconfig "Kconfig: a default" 's/default 3/default 4/'
refused kernel/Kconfig "Kconfig: behind a help text" 's/^config OTHER/&S/'
refused kernel/Kconfig "Kconfig: a help text ends" 's/^.*more of it.*/&\nconfig NONE/'
refused kernel/Kconfig "Kconfig: a string" 's/A # number/A # digit/'
refused kernel/Kconfig "Kconfig: a line that goes on" 's/^\t\tOTHER/\t\tANOTHER/'

idle kernel/Makefile "makefile: a comment" 's/All of it/And more/'
idle kernel/Makefile "makefile: one behind" 's/always/or never/'
idle kernel/Makefile "makefile: empty lines" 's/^all:/\n\n&/'
idle kernel/Makefile "makefile: an option that is not set" \
	's/^.*absent.*/&\nobj-$(CONFIG_NEWER) += newer.o older.o/'
word=build
refused kernel/Makefile "makefile: an option that is set" \
	's/^.*absent.*/&\nobj-$(CONFIG_THING) += newer.o/'
refused kernel/Makefile "makefile: an option that it sets" \
	's/^.*absent.*/CONFIG_NEWER := y\n&\nobj-$(CONFIG_NEWER) += newer.o/'
refused kernel/Makefile "makefile: part of an object" \
	's/^.*absent.*/&\none-$(CONFIG_NEWER) += newer.o/'
refused kernel/Makefile "makefile: an object" 's/one\.o/two.o/'
refused kernel/Makefile "makefile: what is no comment: escaped" 's/a (.*) b"/a \1 c"/'
refused kernel/Makefile "makefile: what is no comment: in a definition" 's/not a comment/no comment/'
refused kernel/Makefile "makefile: what is no comment: in a recipe" 's/for the shell/for nobody/'
refused kernel/Makefile "makefile: a line that goes on" 's/^\tb$/\tc/'
refused kernel/Makefile "makefile: the end of a comment" 's/^  and the same/and another/'
printf -- '--- /dev/null\n+++ b/lib/Makefile\n@@ -0,0 +1 @@\n+# nothing\n' > "$WORK/new.patch"
ok "a new makefile" status 1 "^  build +lib/Makefile" gen "$WORK/new.patch"
ok "and a change of code" status 0 'replaced +first' gen --explain \
	"$(patch_of both kernel/Makefile 's/always/or never/' kernel/sub/one.c 's/x \* PRIVATE/x + PRIVATE/')"

finish
