#!/bin/sh
# Installs the programs that tests talk to and that no wheel brings: PostgreSQL and Redis.
postgresql() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
redis() { command -v redis-server >/dev/null; }
missing() {
  postgresql || printf ' postgresql'
  redis || printf ' redis-server'
}
[ -z "$(missing)" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing for the tests:$(missing) …"
  apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(missing)
fi
[ -z "$(missing)" ] ||
  echo "Missing, and so their tests are left out: sudo apt-get install$(missing)"
exit 0
