#!/bin/sh
# Installs the programs that tests talk to and that no wheel brings: PostgreSQL, Redis, Chromium.
# `programs.sh browser`: the last only.
postgresql() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
redis() { command -v redis-server >/dev/null; }
browser() {
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null && command -v chromedriver >/dev/null && return 0
  done
  return 1
}
missing() {
  browser || printf ' chromium chromium-driver'
  [ "$1" = browser ] && return 0
  postgresql || printf ' postgresql'
  redis || printf ' redis-server'
}
[ -z "$(missing "$1")" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing for the tests:$(missing "$1") …"
  apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(missing "$1")
fi
[ -z "$(missing "$1")" ] ||
  echo "Missing, and so their tests are left out: sudo apt-get install$(missing "$1")"
exit 0
