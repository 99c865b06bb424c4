# Completes listsync and listsyncctl in bash 4.2 or newer.

_listsync_completion() {
    local program=${1##*/} kind value
    local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]} glued='' index=$COMP_CWORD
    COMPREPLY=()
    # bash breaks words at colons and equal signs, too. What stands before the last break stays in
    # the line, so it must be missing in what is offered.
    local rest=${line%"$word"}
    [[ $word == [:=@] ]] && glued=$word
    while ((index > 1)) && [[ -n $word && $rest != *[[:blank:]] ]]; do
        ((index--))
        glued=${COMP_WORDS[index]}$glued
        rest=${rest%"${COMP_WORDS[index]}"}
    done
    glued=${glued#--*=}
    # The program reads the line as it stands; an empty last word must be there to be seen.
    [[ -n $word ]] || line+="''"
    while IFS=, read -r kind value; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                case $word in
                    \'*) value=${value//\'/\'\\\'\'} ;;
                    \"*)
                        value=${value//\\/\\\\}
                        value=${value//\"/\\\"}
                        value=${value//\$/\\\$}
                        value=${value//\`/\\\`}
                        # readline takes a quote at the end for the one that closes the word.
                        [[ $value != *\" ]] || value+='"'
                        ;;
                    *) printf -v value %q "$value" ;;
                esac
                [[ $value == "$glued"* ]] && COMPREPLY+=("${value#"$glued"}")
                ;;
        esac
    done < <(COMP_WORDS=$line COMP_CWORD=-1 env "_${program^^}_COMPLETE=bash_complete" "$1" 2>/dev/null)
}

complete -o nosort -F _listsync_completion listsync listsyncctl
