#!/bin/sh
# Feeds again what two stages have set aside, once it is mended.
#
#   reload-rejects.sh DIR [permitload flags]
#
# DIR/rejects.csv is what a0tojsonl --rejects wrote: mend the cells that the
# column reject_reason speaks of. DIR/left.jsonl is what permitload wrote: each
# line has an "error", which may stay. sync.sh leaves both. Either may be empty
# or missing. What is still refused is in the same two files afterwards, and the
# exit code is 3.
set -eu
umask 077

if [ $# -eq 0 ] || [ "${1#-}" != "$1" ]; then
	echo 'usage: reload-rejects.sh DIR [permitload flags]' >&2
	exit 2
fi
dir=$1
shift
touch "$dir/rejects.csv" "$dir/left.jsonl"
if ! [ -s "$dir/rejects.csv" ] && ! [ -s "$dir/left.jsonl" ]; then
	echo "reload-rejects.sh: nothing was set aside in $dir" >&2
	exit 0
fi

# A stage that ends with 3 has set records aside: the next one goes on.
code=0
stage() { "$@" || { code=$?; [ "$code" -eq 3 ] || exit "$code"; }; }

: >"$dir/rejects.tmp"
: >"$dir/mended.tmp"
if [ -s "$dir/rejects.csv" ]; then
	# shellcheck disable=SC2086 # they are several words
	stage a0tojsonl ${A0TOJSONL_FLAGS-} --rejects "$dir/rejects.tmp" -o "$dir/mended.tmp" "$dir/rejects.csv"
fi
cat "$dir/left.jsonl" >>"$dir/mended.tmp"
stage permitload "$@" "$dir/mended.tmp" >"$dir/left.tmp"
case "$*" in *-dry-run* | *-help* | *-version*) exit "$code" ;; esac # nothing was loaded
mv "$dir/rejects.tmp" "$dir/rejects.csv"
mv "$dir/left.tmp" "$dir/left.jsonl"
rm "$dir/mended.tmp"
exit "$code"
