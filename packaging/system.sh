#!/bin/sh
# Looks for the packages of the system in a list (first argument, the one for Qt's window if there is none). What is
# missing is installed where that can be done without asking (root, apt-get), and named with the command otherwise.
# Never fails: without a display the program may do without them, and tests skip what they have no judge for.
set -eu

[ "$(uname -s)" = Linux ] || exit 0
list=${1:-$(dirname "$0")/debian-packages.txt}
what=${2:-"Qt's window"}
libraries=$(ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null || true)

missing=$(grep -v '^#' "$list" | while read -r package file; do
    case $file in
        /*) [ -e "$file" ] || echo "$package" ;;
        *) case $libraries in *"$file"*) ;; *) echo "$package" ;; esac ;;
    esac
done | tr '\n' ' ')
[ -n "$missing" ] || exit 0

quick="-o Acquire::Retries=0 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing what $what needs: $missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # lists of words
    if apt-get $quick update -qq </dev/null && apt-get $quick install -y -qq --no-install-recommends $missing </dev/null >/dev/null; then
        exit 0
    fi
    echo "That did not work."
fi
echo "Packages of the system are missing here for $what. On Debian and Ubuntu:"
echo "    sudo apt-get install $missing"
