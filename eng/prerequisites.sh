# Sourced by run.sh and test.sh: finds what they need, installs what npm holds, and names what is missing.

require_dotnet() {
  if ! command -v dotnet >/dev/null 2>&1 || ! dotnet --list-sdks | grep -q '^1[0-9]\.'; then
    echo "The .NET 10 SDK is missing. Get it from https://dotnet.microsoft.com/download (or your package manager: dotnet-sdk-10.0)." >&2
    return 1
  fi
}

# Installs Azurite by the lock file, once; sets AZURITE to its command.
require_azurite() {
  if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    echo "Node.js (20 or newer, with npm) is missing; Azurite, the local Azure Storage, runs on it. Get it from https://nodejs.org." >&2
    return 1
  fi
  local folder="$PWD/eng/azurite"
  AZURITE="$folder/node_modules/.bin/azurite"
  if [ ! -x "$AZURITE" ] || [ "$folder/package-lock.json" -nt "$folder/node_modules/.package-lock.json" ]; then
    echo "Fetching Azurite (npm ci) ..."
    npm ci --prefix "$folder" --no-audit --no-fund --loglevel=error || { echo "npm could not fetch Azurite: see above." >&2; return 1; }
  fi
  export AZURITE
}

# Whether nothing listens on a port of this machine.
port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Waits, at most 30 s, until a process listens on a port.
wait_for_port() { # port pid
  local i
  for ((i = 0; i < 300; i++)); do
    port_is_free "$1" || return 0
    kill -0 "$2" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

# What only some tests need, from Debian's packages where that can be done without a password; without it those tests are skipped, visibly.
offer_packages() {
  local missing=()
  command -v chromium >/dev/null 2>&1 || [ -n "${CLIP_CHROMIUM:-}" ] || missing+=(chromium)
  [ ! -x /usr/bin/python3 ] || /usr/bin/python3 -c 'import requests' 2>/dev/null || missing+=(python3-requests)
  [ ${#missing[@]} -gt 0 ] && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ] || return 0
  echo "Fetching ${missing[*]} (apt-get) ..."
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1 ||
    echo "apt-get could not fetch them: the tests that need them will be skipped."
}
