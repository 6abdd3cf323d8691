#!/bin/sh
# Loads only the lines that are new or differ since the last time, so that a
# large environment is not read through for a few users. It needs jq.
#
#   a0export | a0tojsonl -o DIR/today.jsonl
#   incremental.sh DIR [permitload flags]
#
# Afterwards DIR has
#   yesterday.jsonl  what was loaded, to compare with next time (today.jsonl is gone)
#   left.jsonl       what could not be loaded; the next run tries it again
#   gone.jsonl       users who are no longer in Auth0. Look at them, since a row
#                    that a0tojsonl rejected is missing too, and then:
#                      permitload remove DIR/gone.jsonl && rm DIR/gone.jsonl
#
# It does not see what others change in Permit, so load everything now and then.
set -eu
umask 077
LC_ALL=C # the same order for sort, comm and join, today and tomorrow
export LC_ALL

if [ $# -eq 0 ] || ! [ -f "$1/today.jsonl" ]; then
	echo 'usage: incremental.sh DIR [permitload flags], where DIR holds today.jsonl' >&2
	exit 2
fi
dir=$1
shift
touch "$dir/yesterday.jsonl" "$dir/gone.jsonl"
tab=$(printf '\t')

# lines FILTER prints the lines of stdin for which the filter holds, unchanged.
lines() { jq -Rr "select(fromjson | $1)"; }
# by_key puts type and key before each line of stdin, and a tab, in order.
by_key() { jq -Rr '(fromjson | "\(.type) \(.key)") + "\t" + .' | sort -t "$tab" -k 1,1; }
# lacking FILE prints the lines of stdin, made by by_key, whose key FILE lacks.
lacking() { join -t "$tab" -v 1 - "$1" | cut -f 2-; }

sort "$dir/yesterday.jsonl" >"$dir/was.tmp"
sort "$dir/today.jsonl" >"$dir/is.tmp"
# Roles, tenants and the end line go along in any case.
lines '.type != "user"' <"$dir/today.jsonl" >"$dir/load.tmp"
comm -13 "$dir/was.tmp" "$dir/is.tmp" | lines '.type == "user"' >>"$dir/load.tmp"
code=0
permitload --require-end "$@" "$dir/load.tmp" >"$dir/left.tmp" || code=$?
if [ "$code" -ne 0 ] && [ "$code" -ne 3 ]; then
	exit "$code" # yesterday.jsonl stays, so the next run takes these lines up too
fi
case "$*" in *-dry-run* | *-help* | *-version*) exit "$code" ;; esac # nothing was loaded

# Gone are the users who were there before and are not there today.
by_key <"$dir/today.jsonl" >"$dir/keys.tmp"
comm -23 "$dir/was.tmp" "$dir/is.tmp" | lines '.type == "user"' | cat "$dir/gone.jsonl" - |
	by_key | sort -t "$tab" -k 1,1 -u | lacking "$dir/keys.tmp" >"$dir/gone.tmp"
# What is left was not loaded.
by_key <"$dir/left.tmp" >"$dir/notloaded.tmp"
lacking "$dir/notloaded.tmp" <"$dir/keys.tmp" >"$dir/yesterday.tmp"
for file in left gone yesterday; do
	mv "$dir/$file.tmp" "$dir/$file.jsonl"
done
rm "$dir/today.jsonl" "$dir"/*.tmp
if [ -s "$dir/gone.jsonl" ]; then
	echo "incremental.sh: some users are no longer in Auth0: see $dir/gone.jsonl" >&2
fi
exit "$code"
