# Completion of uvoy for fish. The program itself knows what may follow.
function __uvoy_complete
    set -l words (commandline -opc)
    for line in ($words[1] complete -- $words[2..] (commandline -ct) 2>/dev/null)
        if test "$line" = :file
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c uvoy -f -a '(__uvoy_complete)'
