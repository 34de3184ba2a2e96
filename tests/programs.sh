#!/bin/sh
# Installs the programs that tests talk to and that no wheel brings: PostgreSQL.
found() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
found && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing PostgreSQL for the tests …"
  apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql
fi
found || echo "PostgreSQL is missing: its tests are left out. sudo apt-get install postgresql"
exit 0
