#!/bin/sh
# Usage: make_venv.sh FOLDER. Creates the virtual environment FOLDER with a Python >= 3.11, pip and setuptools.
# An environment that already works is kept, and then no network is needed. PYTHON chooses the interpreter.
set -eu

folder=$1
minimum="3, 11"
setuptools="setuptools>=68"

recent() { "$1" -c "import sys; sys.exit(sys.version_info < ($minimum))" >/dev/null 2>&1; }
has_pip_wheel() { "$1" -c "import venv, ensurepip" >/dev/null 2>&1; }   # Debian packages ensurepip separately

find_python() {
    python="" ; without_ensurepip=""
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        recent "$candidate" || continue
        if has_pip_wheel "$candidate"; then python=$candidate; return; fi
        [ -n "$without_ensurepip" ] || without_ensurepip=$candidate
    done
}

fail() { printf 'Glassgrad set-up: %s\n' "$@" >&2; exit 1; }

if ! { [ -x "$folder/bin/python" ] && recent "$folder/bin/python" && "$folder/bin/python" -m pip --version >/dev/null 2>&1; }
then
    find_python
    if [ -z "$python" ] && [ -n "$without_ensurepip" ]; then
        package="$("$without_ensurepip" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            echo "Installing $package with apt-get ..."
            { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "$package"; } >/dev/null || true
            find_python
        fi
        [ -n "$python" ] || fail "$without_ensurepip cannot create virtual environments (ensurepip is missing)." \
            "On Debian or Ubuntu: sudo apt-get install $package; then run make again."
    fi
    [ -n "$python" ] || fail "Python 3.11 or newer is needed, and none was found${PYTHON:+ (PYTHON=$PYTHON)}." \
        "Install one (python.org, brew install python, apt-get install python3) or name it: make PYTHON=/path/to/python"
    echo "Creating $folder with $("$python" --version) ..."
    rm -rf "$folder"
    "$python" -m venv "$folder"
fi

"$folder/bin/python" - "$setuptools" <<'PYTHON' || "$folder/bin/python" -m pip install --quiet --upgrade "$setuptools"
import importlib.metadata, sys
wanted = int(sys.argv[1].rpartition("=")[2])
try:
    sys.exit(int(importlib.metadata.version("setuptools").split(".")[0]) < wanted)
except importlib.metadata.PackageNotFoundError:
    sys.exit(1)
PYTHON
