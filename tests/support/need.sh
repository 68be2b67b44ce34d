# SPDX-License-Identifier: MIT
# Sourced by examples/quickstart.sh and tests/run.sh: makes sure that what they
# need is installed.  'need WORD...' takes words of the table below.  On Debian
# and Ubuntu it installs what is missing with apt-get, as root or through sudo;
# elsewhere it says what to install and fails.  It asks nothing and, when
# nothing is missing, starts no package manager.

PATH=$PATH:/usr/sbin:/sbin

# word:how to check:Debian:Fedora:Arch:Alpine
need_table='
cc:command cc:gcc libc6-dev:gcc:gcc:gcc musl-dev
c++:command c++:g++:gcc-c++:gcc:g++
meson:command meson:meson:meson:meson:meson
ninja:command ninja:ninja-build:ninja-build:ninja:ninja
pkg-config:command pkg-config:pkg-config:pkgconf-pkg-config:pkgconf:pkgconf
libcurl:library libcurl:libcurl4-openssl-dev:libcurl-devel:curl:curl-dev
libcrypto:library libcrypto:libssl-dev:openssl-devel:openssl:openssl-dev
openssl:command openssl:openssl:openssl:openssl:openssl
libcares:library libcares:libc-ares-dev:c-ares-devel:c-ares:c-ares-dev
libidn2:library libidn2:libidn2-dev:libidn2-devel:libidn2:libidn2-dev
zlib:library zlib:zlib1g-dev:zlib-devel:zlib:zlib-dev
libzstd:library libzstd:libzstd-dev:libzstd-devel:zstd:zstd-dev
cmocka:library cmocka:libcmocka-dev:libcmocka-devel:cmocka:cmocka-dev
nginx:command nginx:nginx-light:nginx:nginx:nginx
nsd:command nsd:nsd:nsd:nsd:nsd
publicsuffix:file /usr/share/publicsuffix/public_suffix_list.dat:publicsuffix:publicsuffix-list:publicsuffix-list:publicsuffix-list
words:file /usr/share/dict/words:wamerican:words:words:words-en
clang:command clang:clang:clang:clang:clang
certificates:certificates -:ca-certificates:ca-certificates:ca-certificates:ca-certificates
'

need_field() {
    printf '%s\n' "$need_table" | sed -n "s/^$1://p" | cut -d: -f"$2"
}

need_has() {
    case $1 in
    command) command -v "$2" >/dev/null 2>&1 ;;
    library) pkg-config --exists "$2" 2>/dev/null ;;
    file) [ -s "$2" ] ;;
    certificates)
        [ -s /etc/ssl/certs/ca-certificates.crt ] ||
            [ -s /etc/ssl/certs/ca-bundle.crt ]
        ;;
    esac
}

# Prints the packages of the words that are missing, one a line; $1 is the
# column of the table.
need_missing() {
    need_column=$1
    shift
    for need_word in "$@"; do
        # The check has two words.
        # shellcheck disable=SC2046
        need_has $(need_field "$need_word" 1) ||
            need_field "$need_word" "$need_column"
    done
}

# Run as root, with the packages as arguments; services that come with a
# package are not started meanwhile.
# shellcheck disable=SC2016
need_apt='
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf "#!/bin/sh\nexit 101\n" >$policy
    chmod 755 $policy
    trap "rm -f $policy" EXIT
    trap "exit 1" HUP INT TERM
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q || echo "apt-get update failed; going on" >&2
apt-get install -q -y --no-install-recommends "$@"
'

need_install() {
    if [ "$(id -u)" -eq 0 ]; then
        sh -c "$need_apt" sh "$@" >&2
    elif command -v sudo >/dev/null 2>&1 && [ -t 0 ]; then
        sudo sh -c "$need_apt" sh "$@" >&2
    elif command -v sudo >/dev/null 2>&1; then
        sudo -n sh -c "$need_apt" sh "$@" >&2
    else
        return 1
    fi
}

need_advise() {
    need_command="install (these are the names in Debian)"
    need_column=2
    if command -v apt-get >/dev/null 2>&1; then
        need_command="apt-get install"
    elif command -v dnf >/dev/null 2>&1; then
        need_command="dnf install" need_column=3
    elif command -v pacman >/dev/null 2>&1; then
        need_command="pacman -S" need_column=4
    elif command -v apk >/dev/null 2>&1; then
        need_command="apk add" need_column=5
    fi
    echo "Packages are missing; please install them and try again:" >&2
    echo "    $need_command $(need_missing "$need_column" "$@" | tr '\n' ' ')" >&2
}

need() {
    need_packages=$(need_missing 2 "$@")
    [ -n "$need_packages" ] || return 0
    if command -v apt-get >/dev/null 2>&1; then
        # Several packages, separated by white space.
        # shellcheck disable=SC2086
        need_install $need_packages || true
    fi
    [ -z "$(need_missing 2 "$@")" ] && return 0
    need_advise "$@"
    return 1
}
