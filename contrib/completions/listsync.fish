# Completes listsync and listsyncctl in fish.

function _listsync_completion
    set -l program (commandline -opc)[1]
    set -l word (commandline -ct)
    # Of --option=value only the value is offered, behind what stands there.
    set -l before (string match -r -- '^--[^=]*=' $word)
    set -l variable _(string upper -- (basename $program))_COMPLETE
    for line in (env $variable=fish_complete COMP_WORDS=(commandline -cp | string collect) COMP_CWORD=(string collect -- $word) $program 2>/dev/null)
        set -l found (string split -m 1 "," -- $line)
        switch $found[1]
            case dir
                __fish_complete_directories $word
            case file
                __fish_complete_path $word
            case plain
                printf '%s\n' "$before$found[2]"
        end
    end
end

complete --no-files --command listsync --arguments "(_listsync_completion)"
complete --no-files --command listsyncctl --arguments "(_listsync_completion)"
