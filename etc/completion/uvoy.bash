# Completion of uvoy for bash. The program itself knows what may follow.
_uvoy() {
    local -a words
    local candidate current=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    # Not COMP_WORDS: for bash, a colon ends a word.
    read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:COMP_POINT-1:1} == " " ]] && words+=("")
    local typed=${words[-1]}
    local before_colon=${typed%"${typed##*:}"}
    while IFS=$'\t' read -r candidate _; do
        if [[ $candidate == :file ]]; then
            compopt -o filenames 2>/dev/null
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
        else
            COMPREPLY+=("${candidate#"$before_colon"}")
        fi
    done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _uvoy uvoy
