# SPDX-License-Identifier: Apache-2.0
# Completes capauth in bash. Commands and options are those that its help tells.

_capauth()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]} words
    case $before in
        --ca-file | --client-cert | --client-key | --session)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
        --cluster) words='APAC APAC2 EU' ;;
        --tls-min) words='1.2 1.3' ;;
        *)
            if ((COMP_CWORD == 1)); then
                words=$("$program" --help | sed -n 's/^  capauth \([a-z-]*\).*/\1/p')' --help --version'
            else
                words=$("$program" "${COMP_WORDS[1]}" --help 2> /dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p')
            fi
            ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _capauth capauth
