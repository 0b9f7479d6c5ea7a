#!/bin/sh
# install_npm_mail_servers.sh [FOLDER]: puts Haraka and smtp-server, exactly as npm_mail_servers/package-lock.json
# names them, into FOLDER (default .dev/npm_mail_servers), without running anything of theirs. Does nothing for
# what is there already. Needs Node.js and npm.
set -eu

source=$(dirname "$0")/npm_mail_servers
folder=${1:-$(dirname "$0")/../../.dev/npm_mail_servers}
if cmp -s "$source/package-lock.json" "$folder/package-lock.json" && [ -d "$folder/node_modules" ]; then
    exit 0
fi
mkdir -p "$(dirname "$folder")"
partial=$(mktemp -d "$folder.XXXXXX")
cp "$source/package.json" "$source/package-lock.json" "$partial"
# Haraka's optional packages are plugins, of which the tests have one of their own.
if ! (cd "$partial" && npm ci --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error); then
    rm -rf "$partial"
    exit 1
fi
rm -rf "$folder"
mv "$partial" "$folder"
