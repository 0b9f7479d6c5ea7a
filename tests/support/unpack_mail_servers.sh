#!/bin/sh
# unpack_mail_servers.sh [FOLDER]: puts Postfix, Exim and OpenSMTPD below FOLDER (default .dev/unpacked), each
# with the libraries that this machine lacks, without installing anything: Debian's mail servers remove one
# another, and their packages start daemons. nss_wrapper lends them the users that their packages would make.
# Does nothing for what is there already. Needs no root, unless the package lists are missing.
set -eu

folder=${1:-$(dirname "$0")/../../.dev/unpacked}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

# The libraries that a package needs, directly or not, and that are not installed (those of an installed one
# are installed too).
missing_libraries() {
    apt-cache depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$1" |
        sed -n 's/^ *Depends: \(lib[a-z0-9.+-]*\)$/\1/p' | while read -r library; do
            if ! dpkg-query -W -f '${Status}' "$library" 2>/dev/null | grep -q 'ok installed'; then
                echo "$library"
                missing_libraries "$library"
            fi
        done
}

download() {
    if apt-get -qq download "$1" >/dev/null 2>&1; then
        return
    fi
    if [ "$(id -u)" = 0 ] && [ ! -e "$folder/.updated" ]; then
        apt-get -qq update >/dev/null 2>&1 && : > "$folder/.updated"
        apt-get -qq download "$1" >/dev/null 2>&1 && return
    fi
    return 1
}

# unpack NAME PACKAGE...: into $folder/NAME, which appears only when it is whole.
unpack() {
    name=$1
    shift
    if [ -d "$folder/$name" ]; then
        return
    fi
    partial=$(mktemp -d "$folder/.$name.XXXXXX")
    mkdir "$partial/packages" "$partial/tree"
    cd "$partial/packages"
    for package in "$@"; do
        if ! download "$package"; then
            rm -rf "$partial"
            echo "cannot download the package $package" >&2
            return 1
        fi
        for library in $(missing_libraries "$package" | sort -u); do
            download "$library" || echo "without $library" >&2
        done
    done
    for file in *.deb; do
        dpkg -x "$file" "$partial/tree"
    done
    chmod 755 "$partial/tree"
    mv -T "$partial/tree" "$folder/$name" 2>/dev/null || [ -d "$folder/$name" ]
    rm -rf "$partial"
}

failed=0
unpack postfix postfix || failed=1
unpack exim exim4-base exim4-daemon-light || failed=1
unpack opensmtpd opensmtpd || failed=1
unpack nss_wrapper libnss-wrapper || failed=1
exit $failed
