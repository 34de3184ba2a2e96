#!/bin/sh
# Gets the venv module for the Python named in $1, which Debian and Ubuntu package apart.
version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
package="python$version-venv"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" && exit 0
fi
echo "Python's venv module is missing; install it with: sudo apt-get install $package" >&2
exit 1
