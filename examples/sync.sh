#!/usr/bin/env bash
# Moves the users and roles of an Auth0 tenant into Permit and keeps each stage
# in a directory, so that it can be looked at and run again.
#
#   sync.sh [-n] DIR [permitload flags]
#   sync.sh -n run1 --create-missing yes      # shows the plan, asks, loads
#   A0EXPORT_FLAGS=all sync.sh run1           # roles and organizations too
#
# Secrets come from the environment or from .env in the working directory.
# Exit codes are those of the tools: 3 says that some records are left, in
# DIR/rejects.csv and DIR/left.jsonl. reload-rejects.sh DIR feeds them again.
set -euo pipefail
umask 077

look=
if [ "${1-}" = -n ]; then
	look=yes
	shift
fi
if [ $# -eq 0 ] || [ "${1#-}" != "$1" ]; then
	echo 'usage: sync.sh [-n] DIR [permitload flags]' >&2
	exit 2
fi
dir=$1
shift
mkdir -p "$dir"

# After exit code 3, some records were set aside, and the next stage goes on.
code=0
stage() { "$@" || { code=$?; [ "$code" -eq 3 ] || exit "$code"; }; }

# shellcheck disable=SC2086 # they are several words
{
	stage a0export ${A0EXPORT_FLAGS-} -o "$dir/users.csv.gz"
	stage a0tojsonl ${A0TOJSONL_FLAGS-} --rejects "$dir/rejects.csv" -o "$dir/records.jsonl" "$dir/users.csv.gz"
}
if [ -n "$look" ]; then
	stage permitload --dry-run "$@" "$dir/records.jsonl"
	printf 'sync.sh: load it? [y/N] ' >&2
	{ read -r answer </dev/tty; } 2>/dev/null || answer=n
	if [ "$answer" != y ]; then
		echo "sync.sh: nothing was written; the stages are in $dir" >&2
		exit "$code"
	fi
fi
stage permitload "$@" "$dir/records.jsonl" >"$dir/left.jsonl"
if [ "$code" -eq 3 ]; then
	echo "sync.sh: some records are left: see $dir/rejects.csv and $dir/left.jsonl" >&2
fi
exit "$code"
