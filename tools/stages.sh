# Stages of a test run: each is announced, timed and, when it fails, ends the run with a summary.

stage_lines=()

stage() { # NAME COMMAND...
    local name=$1 started=$SECONDS code=0
    shift
    printf '\n=== %s\n' "$name"
    # A subshell of its own, so that `set -e` holds inside (it is off in the condition of an `if`).
    set +e
    (
        set -e
        "$@"
    )
    code=$?
    set -e
    local line
    line=$(printf '%5d s  %-6s  %s' "$((SECONDS - started))" "$([ $code = 0 ] && echo ok || echo FAILED)" "$name")
    stage_lines+=("$line")
    if [ $code != 0 ]; then
        stages_summary
        echo "FAILED: $name (exit $code); its output is above" >&2
        exit 1
    fi
}

stages_summary() {
    printf '\n=== summary\n'
    printf '%s\n' "${stage_lines[@]}"
    printf '%5d s  in all\n' "$SECONDS"
    /usr/bin/python3 tools/test_totals.py build
}
