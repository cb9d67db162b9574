#!/bin/sh
# Gets Graphviz's `dot` program where that needs no question (brew; apt-get as root), and else says how.
# Never fails: without `dot` Glassgrad still writes DOT text, and says what is missing when a picture is asked for.
command -v dot >/dev/null && exit 0

echo "Graphviz's dot program, which draws the graphs, is missing."
if command -v brew >/dev/null; then
    echo "Installing it with brew ..."
    HOMEBREW_NO_AUTO_UPDATE=1 brew install --quiet graphviz >/dev/null
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing it with apt-get ..."
    { apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends graphviz; } >/dev/null
fi

if command -v dot >/dev/null; then
    echo "dot is installed."
else
    echo "Install it when you want pictures: sudo apt-get install graphviz | sudo dnf install graphviz |"
    echo "brew install graphviz | https://graphviz.org/download. Everything else works without it."
fi
exit 0
