# Made by go generate from the flags of a0export.
_a0export() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	COMPREPLY=()
	# --flag=value comes as three words.
	if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
	case $prev in
	--source) COMPREPLY=($(compgen -W 'auto job search' -- "$cur")); return ;;
	--progress) COMPREPLY=($(compgen -W 'auto always never' -- "$cur")); return ;;
	--log-format) COMPREPLY=($(compgen -W 'text json' -- "$cur")); return ;;
	--completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- "$cur")); return ;;
	--output|-o|--token-file|--summary) local IFS=$'\n'; COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--domain|--field|--connection|--limit|--job|--poll-interval|--max-rps) return ;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W '--output -o --domain --token-file --organizations --no-roles --no-groups --field --connection --limit --source --job --poll-interval --permissions --max-rps --progress --summary --log-format --quiet -q --verbose -v --completion --version --help -h' -- "$cur"))
	else
		COMPREPLY=($(compgen -W 'users roles apis organizations connections all check' -- "$cur"))
	fi
}
complete -o filenames -F _a0export a0export
