#!/bin/sh
# SPDX-License-Identifier: MIT
# Compiles one public header, included first and twice, on its own:
#
#     compile.sh INCLUDE_DIRECTORY HEADER LANGUAGE STANDARD COMPILER...
#
# for instance `compile.sh include fetchpool/pool.h c++ c++17 g++`.  Called by
# Meson for every header, as C and as C++.
set -eu

directory=$1 header=$2 language=$3 standard=$4
shift 4

printf '#include <%s>\n#include <%s>\nint nothing;\n' "$header" "$header" |
    "$@" -x "$language" -std="$standard" -Wall -Wextra -Wpedantic -Wundef \
        -Werror -I "$directory" -fsyntax-only -
