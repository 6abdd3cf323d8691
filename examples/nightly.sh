#!/usr/bin/env bash
# The whole tenant, every night: roles, organizations and users. What was taken
# away in Auth0 is taken away in Permit, too.
#
#   nightly.sh DIR [permitload flags]
#   17 3 * * *  cd /etc/a0permit && nightly.sh /var/lib/a0permit     # crontab
#
# Secrets come from the environment or from .env in the working directory. The
# files of a run stay in DIR for KEEP_DAYS days (14), named by its time. To undo a
# run: permitload DIR/TIME.undo.jsonl
# If more than CHANGE_LIMIT percent (30) of the users would change, nothing is written.
# A run that went well prints nothing, so cron sends no mail. Exit code 3 means that
# some records are left, in TIME.rejects.csv and TIME.left.jsonl. Then, and after a
# failure, the messages of the tools are printed.
set -euo pipefail
umask 077

if [ $# -eq 0 ] || [ "${1#-}" != "$1" ]; then
	echo 'usage: nightly.sh DIR [permitload flags]' >&2
	exit 2
fi
dir=$1
shift
mkdir -p "$dir"
# lock takes the lock that fd 9 stands for, or fails at once. macOS has no flock.
lock() {
	if command -v flock >/dev/null; then
		flock -n 9
	else
		perl -MFcntl=:flock -e 'open my $lock, ">&=", 9 or exit 1; exit !flock $lock, LOCK_EX | LOCK_NB'
	fi
}
exec 9>"$dir/lock"
if ! lock; then
	echo "nightly.sh: another run is at work in $dir" >&2
	exit 1
fi
run=$dir/$(date -u +%Y-%m-%dT%H%M%SZ)

# finish CODE prints what somebody has to know, and deletes old files.
finish() {
	if [ "$1" -ne 0 ]; then
		echo "nightly.sh: exit code $1; the files are $run.*" >&2
		cat "$run.log" >&2
	fi
	# Only files that this script has named, and only in DIR itself.
	local time='20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9][0-5][0-9][0-5][0-9]Z'
	find "$dir/" -maxdepth 1 -type f -name "$time.*" \( -empty -o -mtime "+${KEEP_DAYS:-14}" \) -delete
	exit "$1"
}

# After exit code 3, some records were set aside, and the next stage goes on.
code=0
stage() { "$@" 2>>"$run.log" || { code=$?; [ "$code" -eq 3 ] || finish "$code"; }; }

# shellcheck disable=SC2086 # they are several words
{
	stage a0export all ${A0EXPORT_FLAGS-} -o "$run.tenant.csv.gz"
	stage a0tojsonl ${A0TOJSONL_FLAGS-} --rejects "$run.rejects.csv" -o "$run.records.jsonl" "$run.tenant.csv.gz"
}
# Nobody is there to answer, so --yes does. What it would let pass is looked at first.
load() { stage permitload --roles replace --require-end --create-missing yes "$@" "$run.records.jsonl"; }
load "$@" --dry-run --plan "$run.plan.jsonl"
count() { grep -c "$1" "$2" || :; }
changed=$(count '^{"op":"update","type":"user"' "$run.plan.jsonl")
users=$(count '^{"type":"user"' "$run.records.jsonl")
if [ "$users" -ge 50 ] && [ $((changed * 100)) -gt $((${CHANGE_LIMIT:-30} * users)) ]; then
	echo "nightly.sh: $changed of $users users would change: nothing was written; see $run.plan.jsonl" >&2
	finish 1
fi
load "$@" --yes --undo "$run.undo.jsonl" >"$run.left.jsonl"
finish "$code"
