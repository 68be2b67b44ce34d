#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes certificates for tests of TLS:
#
#     certs.sh DIR
#
# Afterwards DIR holds ca.pem, the certificate of an authority, and these, each
# a certificate with its key, for 127.0.0.1, localhost and *.web.test:
#
#     good.pem       signed by the authority, valid
#     expired.pem    was valid long ago
#     future.pem     will be valid
#     name.pem       is valid for another name
#     self.pem       signed by itself
#     unknown.pem    signed by another authority, which is not told
#
# Needs nothing but the program openssl.
set -eu

cd "$1"
trap 'rm -rf work' EXIT
mkdir work

alternatives='IP:127.0.0.1,DNS:localhost,DNS:*.web.test'

key() {
    openssl ecparam -name prime256v1 -genkey -noout -out "work/$1.key"
}

# An authority called $1, in $2.
authority() {
    key "$1"
    openssl req -x509 -new -key "work/$1.key" -subj "/CN=$1" -days 36500 \
        -out "$2"
}

cat >work/conf <<END
[ca]
default_ca = here
[here]
database = work/index
new_certs_dir = work
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
rand_serial = yes
[any]
commonName = supplied
END
: >work/index

# A certificate $1 signed by $2 in $3, valid from $4 to $5, for $6.
signed() {
    key "$1"
    openssl req -new -key "work/$1.key" -subj "/CN=$1" \
        -addext "subjectAltName=$6" -out "work/$1.csr"
    openssl ca -batch -notext -config work/conf -keyfile "work/$2.key" \
        -cert "$3" -startdate "$4" -enddate "$5" -in "work/$1.csr" \
        -out "work/$1.crt"
    cat "work/$1.crt" "work/$1.key" >"$1.pem"
}

make() {
    authority ca ca.pem
    authority other work/other.pem
    signed good ca ca.pem 20200101000000Z 21200101000000Z "$alternatives"
    signed expired ca ca.pem 20200101000000Z 20210101000000Z "$alternatives"
    signed future ca ca.pem 21100101000000Z 21200101000000Z "$alternatives"
    signed name ca ca.pem 20200101000000Z 21200101000000Z DNS:other.example
    signed unknown other work/other.pem 20200101000000Z 21200101000000Z \
        "$alternatives"
    key self
    openssl req -x509 -new -key work/self.key -subj /CN=self -days 36500 \
        -addext "subjectAltName=$alternatives" -out work/self.crt
    cat work/self.crt work/self.key >self.pem
}

make >work/said 2>&1 || {
    cat work/said >&2
    exit 1
}
