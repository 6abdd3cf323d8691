#!/bin/sh
# Picks one organization out of a tenant: its members who hold a role there, with
# their roles there and no others. It is a filter to put before permitload.
#
#   a0export all | a0tojsonl -o records.jsonl
#   select-tenant.sh org_abc123 records.jsonl > acme.jsonl
#   permitload acme.jsonl > left.jsonl
#
# The tenants to choose from: jq -r 'select(.type == "tenant") | .key + " " + .name' records.jsonl
# Whoever has no role there is left out: a0tojsonl --member-role gives one.
set -eu
umask 077

if [ $# -ne 2 ]; then
	echo 'usage: select-tenant.sh TENANT_KEY records.jsonl > one.jsonl' >&2
	exit 2
fi

if ! jq -en --arg tenant "$1" 'any(inputs; .type == "tenant" and .key == $tenant)' "$2" >/dev/null; then
	echo "select-tenant.sh: $2 has no tenant $1" >&2
	exit 1
fi
roles=$(jq -cn --arg tenant "$1" '
	reduce (inputs | .role_assignments[]? | select(.tenant == $tenant)) as $held ({}; .[$held.role] = true)' "$2")
jq -c --arg tenant "$1" --argjson roles "$roles" '
	if .type == "user" then
		.role_assignments = [.role_assignments[]? | select(.tenant == $tenant)] | select(.role_assignments != [])
	elif .type == "role" then select($roles[.key])
	elif .type == "tenant" then select(.key == $tenant)
	else . end' "$2"
