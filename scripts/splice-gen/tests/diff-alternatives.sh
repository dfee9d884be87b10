#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Alternatives go with their function, and bring their replacements.
# shellcheck disable=SC1091
. "$(dirname "$0")/lib.sh"

pre <<'END'
int unchanged(int *p) { alternative("nop; nop; nop", "stac", 0x134); return 1; }
int entry(int *p) { alternative("nop; nop; nop", "stac", 0x134); return 2; }
END
post <<'END'
int unchanged(int *p) { alternative("nop; nop; nop", "stac", 0x134); return 1; }
int entry(int *p) { alternative("nop; nop; nop", "stac", 0x134); alternative("nop; nop; nop", "stac", 0x134); return 2; }
END
run_diff
check "object is written" result 0
check "two entries, none of the other function" section_size .altinstructions $((2 * alt_entry))
check "they are about the new code" \
	count_is 2 .altinstructions ".text.entry \+ [0-9a-f]+"
check "and not about the old" not grep -q text.unchanged \
	<(readelf -rW new.o)
check "each with its replacement" section_size .altinstr_replacement 6
finish
