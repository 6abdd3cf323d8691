# Made by go generate from the flags of permitload.
_permitload() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	COMPREPLY=()
	# --flag=value comes as three words.
	if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
	case $prev in
	--create-missing) COMPREPLY=($(compgen -W 'ask yes no' -- "$cur")); return ;;
	--grant) COMPREPLY=($(compgen -W 'ask yes no' -- "$cur")); return ;;
	--attributes) COMPREPLY=($(compgen -W 'merge replace' -- "$cur")); return ;;
	--duplicate-email) COMPREPLY=($(compgen -W 'reject drop' -- "$cur")); return ;;
	--roles) COMPREPLY=($(compgen -W 'add replace' -- "$cur")); return ;;
	--progress) COMPREPLY=($(compgen -W 'auto always never' -- "$cur")); return ;;
	--log-format) COMPREPLY=($(compgen -W 'text json' -- "$cur")); return ;;
	--completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- "$cur")); return ;;
	--token-file|--plan|--extra|--undo|--summary) local IFS=$'\n'; COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--project|--environment|--api-url|--tenant|--change-limit|--remove-limit|--rate|--max-wait) return ;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W '--project --environment --api-url --token-file --dry-run --plan --create-missing --grant --tenant --attributes --duplicate-email --extra --change-limit --verify --undo --allow-incomplete --require-end --roles --remove-limit --yes --rate --max-wait --progress --summary --log-format --quiet -q --verbose -v --completion --version --help -h' -- "$cur"))
	else
		local IFS=$'\n'; COMPREPLY=($(compgen -W $'load\nremove\ncheck' -- "$cur"; compgen -f -- "$cur"))
	fi
}
complete -o filenames -F _permitload permitload
