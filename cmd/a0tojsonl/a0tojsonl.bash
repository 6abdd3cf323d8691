# Made by go generate from the flags of a0tojsonl.
_a0tojsonl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	COMPREPLY=()
	# --flag=value comes as three words.
	if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
	case $prev in
	--attributes) COMPREPLY=($(compgen -W 'all none' -- "$cur")); return ;;
	--tenant-key) COMPREPLY=($(compgen -W 'id name' -- "$cur")); return ;;
	--permission-form) COMPREPLY=($(compgen -W 'action:resource resource:action api' -- "$cur")); return ;;
	--escaped) COMPREPLY=($(compgen -W 'auto yes no' -- "$cur")); return ;;
	--progress) COMPREPLY=($(compgen -W 'auto always never' -- "$cur")); return ;;
	--log-format) COMPREPLY=($(compgen -W 'text json' -- "$cur")); return ;;
	--completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- "$cur")); return ;;
	--output|-o|--role-map|--permission-map|--rejects|--summary) local IFS=$'\n'; COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--attribute|--user-key|--member-role|--as-of) return ;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W '--output -o --schema --attribute --attributes --user-key --tenant-key --member-role --role-map --permission-form --permission-map --escaped --as-of --rejects --strict --progress --summary --log-format --quiet -q --verbose -v --completion --version --help -h' -- "$cur"))
	else
		local IFS=$'\n'; COMPREPLY=($(compgen -f -- "$cur"))
	fi
}
complete -o filenames -F _a0tojsonl a0tojsonl
