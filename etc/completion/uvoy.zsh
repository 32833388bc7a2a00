#compdef uvoy
# Completion of uvoy for zsh. The program itself knows what may follow.
local line
local -a lines candidates
lines=("${(@f)$("${(Q)words[1]}" complete -- "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
for line in $lines; do
    if [[ $line == :file ]]; then
        _files
    else
        candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    fi
done
(( $#candidates )) && _describe -V uvoy candidates
