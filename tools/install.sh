# What Chatear Workers needs from Debian 12 or 13, and how it gets there. Sourced by ./dev.
# Libraries and tools are installed by apt. Servers that only tests and `./dev up` use are unpacked under
# .dev/, never installed, because a daemon's package would start it.

build_packages="
    g++ cmake ninja-build ccache mold pkg-config git ca-certificates
    libssl-dev libpq-dev libhiredis-dev libspdlog-dev libfmt-dev libcli11-dev
    prometheus-cpp-dev libidn2-dev zlib1g-dev libjemalloc-dev"
test_packages="
    libkainjow-mustache-dev libgtest-dev libgmock-dev librapidcheck-dev libnats-dev libgmime-3.0-dev libbenchmark-dev
    clang lld curl openssl strace tzdata libfaketime
    python3 python3-pytest python3-pytest-xdist python3-psycopg python3-redis python3-aiosmtpd python3-yaml"

debian_release() { (. /etc/os-release && echo "${VERSION_ID:-unknown}"); }

wanted_packages() { # build | all
    local build=$build_packages test=$test_packages
    case $(debian_release) in
        12)
            build+=" libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev"
            test+=" libclang-rt-14-dev clang-format-14 clang-tidy-14" ;;
        13)
            build+=" libboost1.83-dev libboost-json1.83-dev libboost-url1.83-dev"
            test+=" libclang-rt-dev" ;;
        *)
            echo "./dev installs by itself on Debian 12 and 13 only; install what tools/install.sh lists by hand" >&2
            return 1 ;;
    esac
    if [ "$1" = build ]; then test=; fi
    echo $build $test
}

# Where servers may be found beside PATH: Debian keeps PostgreSQL's in a folder of its own.
server_folders() {
    local folder folders=/usr/sbin
    for folder in /usr/lib/postgresql/*/bin "$(unpacked_folder)"/usr/{bin,sbin} "$(unpacked_folder)"/usr/lib/postgresql/*/bin; do
        if [ -d "$folder" ]; then folders+=:$folder; fi
    done
    echo "$folders"
}

# PostgreSQL refuses to run as root and so runs as another user, who must be able to read its programs.
# A clone that others cannot enter therefore shares one folder outside.
unpacked_folder() {
    if [ "$(id -u)" != 0 ] || others_can_enter "$root"; then
        echo "$root/.dev/unpacked"
    else
        echo /var/lib/chatear-dev/unpacked
    fi
}

others_can_enter() {
    local folder=$1
    while [ "$folder" != / ]; do
        case $(stat -c %A "$folder") in *[xt]) ;; *) return 1 ;; esac
        folder=$(dirname "$folder")
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "not root, and there is no sudo. As root, please run:" >&2
        echo "    $*" >&2
        return 1
    fi
}

apt_updated=
apt_update() {
    if [ -n "$apt_updated" ]; then return; fi
    # Another source that cannot be reached must not stop us: the installation itself tells.
    as_root apt-get update -qq -o Acquire::Retries=3 || echo "apt-get update was not complete; going on" >&2
    apt_updated=1
}

apt_install() {
    apt_update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"
}

not_installed() { # PACKAGE...: those of them that are missing
    local package
    for package in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then echo "$package"; fi
    done
}

install_packages() { # build | all
    local wanted missing
    wanted=$(wanted_packages "$1")
    missing=$(not_installed $wanted)
    if [ -n "$missing" ]; then
        echo "installing:" $missing
        apt_install $missing
    fi
}

install_missing() {
    install_packages all
    unpack_server nats-server nats-server
    unpack_server redis-server redis-server redis-tools
    unpack_postgresql
    export PATH="$PATH:$(server_folders)"
}

unpack_postgresql() {
    if PATH="$PATH:$(server_folders)" command -v initdb >/dev/null; then return; fi
    apt_update
    local server
    server=$(apt-cache depends postgresql | sed -n 's/.*Depends: \(postgresql-[0-9]*\)$/\1/p' | head -1)
    unpack_server initdb "$server" "${server/-/-client-}"
}

# unpack_server PROGRAM PACKAGE...: PROGRAM from these packages, where it is not on this machine yet.
# What the packages need in libraries is installed.
unpack_server() {
    local program=$1 folder downloads libraries
    shift
    if PATH="$PATH:$(server_folders)" command -v "$program" >/dev/null; then return; fi
    folder=$(unpacked_folder)
    echo "unpacking: $* (to $folder, not installed)"
    apt_update
    downloads=$(mktemp -d)
    (cd "$downloads" && apt-get download -q -o Acquire::Retries=3 -o APT::Sandbox::User=root "$@")
    libraries=$(for package in "$downloads"/*.deb; do dpkg-deb -f "$package" Depends; dpkg-deb -f "$package" Pre-Depends; done |
        tr ',' '\n' | sed 's/^ *//; s/[ (|:].*//' | grep -E '^(lib|lua)' | grep -v '^libjs-' | sort -u)
    libraries=$(not_installed $libraries)
    if [ -n "$libraries" ]; then apt_install $libraries; fi
    mkdir -p "$folder"
    chmod 755 "$(dirname "$folder")" "$folder"
    for package in "$downloads"/*.deb; do dpkg-deb -x "$package" "$folder"; done
    rm -rf "$downloads"
}

# Real mail servers that the tests of src/smtp/ talk to; the tests say so where they are missing.
unpack_mail_servers() {
    if [ -d .dev/unpacked/postfix ] && [ -d .dev/unpacked/exim ] && [ -d .dev/unpacked/opensmtpd ]; then return; fi
    apt_update
    tests/support/unpack_mail_servers.sh || echo "going on without some mail servers" >&2
}

# Mail servers of Node.js: the tests say so where they are missing.
install_npm_mail_servers() {
    local program
    for program in node:nodejs npm:npm; do
        if ! command -v "${program%:*}" >/dev/null; then apt_install "${program#*:}" || true; fi
    done
    tools/install_node_modules.sh tests/support/npm_mail_servers .dev/npm_mail_servers ||
        echo "going on without Haraka and smtp-server" >&2
}

install_for_tests() {
    install_missing
    unpack_mail_servers
    install_npm_mail_servers
    unpack_server promtool prometheus
}

install_hook() {
    local hook
    hook=$(git rev-parse --git-path hooks/pre-commit)
    if [ -e "$hook" ] && ! cmp -s tools/pre-commit "$hook"; then
        echo "left alone: $hook is there already; tools/pre-commit formats what is committed"
        return
    fi
    mkdir -p "$(dirname "$hook")"
    install -m 755 tools/pre-commit "$hook"
    echo "git hook: $hook formats what is committed"
}
