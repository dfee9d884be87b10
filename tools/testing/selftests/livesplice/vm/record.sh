# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The table of what was run: which tree, compiler and configuration, and what came
# of it. Sourced after build.sh by check.sh and configs.sh, which make it; nobody
# writes it by hand.
#
# A line of it, a field in quotes each:
#	release,compiler,configuration,tests,passed,failed,remark
# There is one for each release, compiler and configuration: a new run takes the place
# of the older one.

# csv_fields FIELD...	with nothing in them that would end one
csv_fields()
{
	local field line=

	for field; do
		field=${field//\"/\'}
		line+=${line:+,}\"${field//$'\n'/ }\"
	done
	printf '%s\n' "$line"
}

# What the kernel in $OBJ is.
run_release()
{
	cat "$OBJ/include/config/kernel.release"
}

run_compiler()
{
	sed -n 's/^CONFIG_CC_VERSION_TEXT="\(.*\)"/\1/p' "$OBJ/.config"
}

# record_run TESTS PASSED FAILED [REMARK]	into the file $RECORD
record_run()
{
	local key line tests=$1

	# Many are too long for a table.
	[ "$(wc -w <<<"$tests")" -le 3 ] || tests="$(wc -w <<<"$tests") tests"
	key=$(csv_fields "$(run_release)" "$(run_compiler)" \
		"${KERNEL_CONFIG:-small}${DEBUG:+ $DEBUG}${OPTIONS:+, $OPTIONS}")
	line=$key,$(csv_fields "$tests" "$2" "$3" "${4:-}")
	{
		[ ! -f "$RECORD" ] || grep -vF "$key," "$RECORD"
		printf '%s\n' "$line"
	} | LC_ALL=C sort -V >"$RECORD.new"
	mv "$RECORD.new" "$RECORD"
}
