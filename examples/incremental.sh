#!/bin/sh
# Loads only the lines that are new or differ since the last time, so that a
# large environment is not read through for a few users.
#
#   a0export | a0tojsonl -o DIR/today.jsonl
#   incremental.sh DIR [permitload flags]
#
# Beside today.jsonl there are then
#   yesterday.jsonl  what was loaded, for the next time (today.jsonl is gone)
#   left.jsonl       what could not be loaded; the next time tries it again
#   gone.jsonl       users who are in Auth0 no more. Look at them, since a row
#                    that a0tojsonl rejected is missing too, and then:
#                      permitload remove DIR/gone.jsonl && rm DIR/gone.jsonl
#
# What others change in Permit meanwhile is not seen: load the whole now and then.
set -eu
umask 077
LC_ALL=C # sort and comm agree, and so do tomorrow's
export LC_ALL

if [ $# -eq 0 ] || ! [ -f "$1/today.jsonl" ]; then
	echo 'usage: incremental.sh DIR [permitload flags], where DIR holds today.jsonl' >&2
	exit 2
fi
dir=$1
shift
touch "$dir/yesterday.jsonl" "$dir/gone.jsonl"

sort "$dir/yesterday.jsonl" >"$dir/was.tmp"
sort "$dir/today.jsonl" >"$dir/is.tmp"
# Roles, tenants and the end line go along whether they are new or not.
{
	sed '/^{"type":"user"/d' "$dir/today.jsonl"
	comm -13 "$dir/was.tmp" "$dir/is.tmp" | sed '/^{"type":"user"/!d'
} >"$dir/load.tmp"
code=0
permitload --require-end "$@" "$dir/load.tmp" >"$dir/left.tmp" || code=$?
if [ "$code" -ne 0 ] && [ "$code" -ne 3 ]; then
	exit "$code" # yesterday's stays, so that the next time takes this up too
fi
case "$*" in *-dry-run* | *-help* | *-version*) exit "$code" ;; esac # nothing was loaded

# Gone is whoever was there before and is not today. A key is the eighth part
# between quotes.
comm -23 "$dir/was.tmp" "$dir/is.tmp" | sed '/^{"type":"user"/!d' | cat - "$dir/gone.jsonl" >"$dir/maybe.tmp"
awk -F '"' '
	FILENAME == ARGV[1] { gone[$8] = $0; next }
	$4 == "user" && $8 in gone { delete gone[$8] }
	END { for (key in gone) print gone[key] }' "$dir/maybe.tmp" "$dir/today.jsonl" | sort >"$dir/gone.tmp"
# What is left was not loaded.
awk -F '"' '
	FILENAME == ARGV[1] { left[$4, $8]; next }
	!(($4, $8) in left)' "$dir/left.tmp" "$dir/today.jsonl" >"$dir/yesterday.tmp"
for file in left gone yesterday; do
	mv "$dir/$file.tmp" "$dir/$file.jsonl"
done
rm "$dir/today.jsonl" "$dir/was.tmp" "$dir/is.tmp" "$dir/maybe.tmp" "$dir/load.tmp"
if [ -s "$dir/gone.jsonl" ]; then
	echo "incremental.sh: some users are in Auth0 no more: see $dir/gone.jsonl" >&2
fi
exit "$code"
