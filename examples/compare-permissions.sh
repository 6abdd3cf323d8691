#!/usr/bin/env bash
# Compares what a sample of users may do in Auth0 with what they may do in Permit.
#
#   compare-permissions.sh records.jsonl [USERS_PER_ROLE]
#
# For each role in records.jsonl it takes a few users (3) who hold it tenant-wide, and as
# many who hold no role. It asks Auth0 for their effective permissions on each API, and
# asks a PDP for theirs. It prints
#   - USER PERMISSION   what Auth0 allows and Permit does not
#   + USER PERMISSION   what Permit allows and Auth0 does not
# and exits with 1 if there is any difference.
#
# Environment: AUTH0_DOMAIN, AUTH0_API_TOKEN (scope read:user_effective_permissions),
# PERMIT_API_KEY, PDP_URL (https://cloudpdp.api.permit.io), TENANT (default).
# It makes one call to Auth0 for each user and API, and one to the PDP for each user.
set -euo pipefail
export LC_ALL=C # sort and comm agree

if [ $# -lt 1 ] || ! [ -r "$1" ]; then
	echo 'usage: compare-permissions.sh records.jsonl [USERS_PER_ROLE]' >&2
	exit 2
fi
records=$1 few=${2:-3} tenant=${TENANT:-default}
case $AUTH0_DOMAIN in http*) auth0=$AUTH0_DOMAIN ;; *) auth0=https://$AUTH0_DOMAIN ;; esac
pdp=${PDP_URL:-https://cloudpdp.api.permit.io}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# call TOKEN CURL_ARGUMENT... keeps the token out of the list of processes.
call() {
	printf 'header = "Authorization: Bearer %s"\n' "$1" |
		curl --silent --show-error --fail --config - "${@:2}"
}

# What a permission of Auth0 is called in Permit: API, permission, resource:action.
jq -r 'select(.type == "resource") | .key as $resource | .actions // {} | to_entries[] |
	select(.value.attributes.auth0_api) |
	[.value.attributes.auth0_api, .value.attributes.auth0_permission, $resource + ":" + .key] | @tsv' \
	"$records" >"$work/names"
cut -f 1 "$work/names" | sort -u >"$work/apis"

# A few holders of each role, and of none.
jq -r 'select(.type == "user") | .key as $user |
	[.role_assignments[]? | select(.tenant == null and .resource_instance == null) | .role] |
	if . == [] then "" else .[] end | [., $user] | @tsv' "$records" |
	awk -F '\t' -v few="$few" 'n[$1]++ < few { print $2 }' | sort -u >"$work/users"

# auth0_permissions USER prints API and permission of each that the user has.
auth0_permissions() {
	local user api from answer
	user=$(jq -rn --arg user "$1" '$user | @uri')
	while read -r api; do
		from=
		while :; do
			answer=$(call "$AUTH0_API_TOKEN" --get "$auth0/api/v2/users/$user/effective-permissions" \
				--data-urlencode "resource_server_identifier=$api" --data take=100 ${from:+--data-urlencode "from=$from"})
			jq -r --arg api "$api" '.permissions[] | [$api, .permission_name] | @tsv' <<<"$answer"
			from=$(jq -r '.next // empty' <<<"$answer")
			[ -n "$from" ] || break
		done
	done <"$work/apis"
}

while read -r user; do
	auth0_permissions "$user" |
		awk -F '\t' 'FILENAME == ARGV[1] { name[$1, $2] = $3; next }
			($1, $2) in name { print name[$1, $2]; next }
			{ print "(not in " ARGV[1] ") " $2 " of " $1 }' "$work/names" - | sort -u >"$work/in-auth0"
	jq -n --arg user "$user" --arg tenant "$tenant" '{user: {key: $user}, tenants: [$tenant]}' |
		call "$PERMIT_API_KEY" --header 'Content-Type: application/json' --data-binary @/dev/fd/3 \
			"$pdp/user-permissions" 3<&0 </dev/null |
		jq -r '.[].permissions[]' | sort -u >"$work/in-permit"
	comm -23 "$work/in-auth0" "$work/in-permit" | awk -v user="$user" '{ print "- " user " " $0 }'
	comm -13 "$work/in-auth0" "$work/in-permit" | awk -v user="$user" '{ print "+ " user " " $0 }'
done <"$work/users" >"$work/differences"

cat "$work/differences"
count() { wc -l <"$1" | tr -d ' '; }
echo "compare-permissions.sh: $(count "$work/users") users compared, $(count "$work/differences") differences" >&2
[ ! -s "$work/differences" ]
