# A reader's shell. Nothing is installed or built in a test, so what would is held against what there is.

set -eu -o pipefail

make() {
    command make --dry-run --directory "$REPOSITORY" "$@" >/dev/null
}

pip() {
    # an extra that does not exist is no error to pip
    command python -m pip "$@" --no-index --no-deps --dry-run >pip.out 2>&1 && ! grep "does not provide" pip.out
}

python() {
    if [ "$1 ${2-}" = "-m airflow_provider_drs.emulator" ]; then
        # it serves until it is stopped: what it prints is what a reader is told to paste
        command python "$@" --port 0 >emulator.out &
        trap 'kill %%' EXIT
        until grep -q ^export emulator.out; do kill -0 %% && sleep 0.1; done
        eval "$(grep ^export emulator.out)"
    else
        command python "$@"
    fi
}
