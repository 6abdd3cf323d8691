#!/usr/bin/env bash
# The whole tenant, every night: roles, organizations and users; what was taken
# away in Auth0 is taken away in Permit too.
#
#   nightly.sh DIR [permitload flags]
#   17 3 * * *  cd /etc/a0permit && nightly.sh /var/lib/a0permit     # crontab
#
# Secrets come from the environment or from .env in the working directory. The
# files of a run are in DIR, named by its time, for KEEP_DAYS days (14); among
# them TIME.undo.jsonl, which permitload takes to undo the run.
# 0 is quiet, as cron has it. 3 prints what happened: some records are left, in
# TIME.rejects.csv and TIME.left.jsonl. Anything else is a failure, and printed.
set -euo pipefail
umask 077

if [ $# -eq 0 ] || [ "${1#-}" != "$1" ]; then
	echo 'usage: nightly.sh DIR [permitload flags]' >&2
	exit 2
fi
dir=$1
shift
mkdir -p "$dir"
exec 9>"$dir/lock"
if ! flock -n 9; then
	echo "nightly.sh: another run is at work in $dir" >&2
	exit 1
fi
run=$dir/$(date -u +%Y-%m-%dT%H%M%SZ)

# finish CODE tells what a person is to know, and clears up.
finish() {
	if [ "$1" -ne 0 ]; then
		echo "nightly.sh: exit code $1; the files are $run.*" >&2
		cat "$run.log" >&2
	fi
	# Only what a run of this script has named, and only here.
	local time='20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9][0-5][0-9][0-5][0-9]Z'
	find "$dir/" -maxdepth 1 -type f -name "$time.*" \( -empty -o -mtime "+${KEEP_DAYS:-14}" \) -delete
	exit "$1"
}

# A stage that ends with 3 has set records aside: the next one goes on.
code=0
stage() { "$@" 2>>"$run.log" || { code=$?; [ "$code" -eq 3 ] || finish "$code"; }; }

# shellcheck disable=SC2086 # they are several words
{
	stage a0export all ${A0EXPORT_FLAGS-} -o "$run.tenant.csv.gz"
	stage a0tojsonl ${A0TOJSONL_FLAGS-} --rejects "$run.rejects.csv" -o "$run.records.jsonl" "$run.tenant.csv.gz"
}
stage permitload --roles replace --yes --undo "$run.undo.jsonl" --require-end --create-missing yes \
	"$@" "$run.records.jsonl" >"$run.left.jsonl"
finish "$code"
