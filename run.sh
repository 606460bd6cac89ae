#!/usr/bin/env bash
# Tags pictures on this machine: starts Azurite and the local host, uploads a folder, prints what was seen.
#   ./run.sh                  uploads samples/, then serves until Ctrl-C
#   ./run.sh --once           the same, and ends after the table (exit code 0: every picture was tagged)
#   ./run.sh FOLDER [--once]  uploads your own folder
# Ports: CLIP_PORT (7071), AZURITE_BLOB_PORT (10000), AZURITE_QUEUE_PORT (10001).
set -euo pipefail
caller=$PWD
cd "$(dirname "$0")"

once=false
folder="$PWD/samples"
for argument in "$@"; do
  case "$argument" in
    --once) once=true ;;
    -h|--help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "run.sh: unknown option $argument (see ./run.sh --help)" >&2; exit 2 ;;
    /*) folder=$argument ;;
    *) folder=$caller/$argument ;;
  esac
done
[ -d "$folder" ] || { echo "run.sh: there is no folder $folder" >&2; exit 2; }

. eng/prerequisites.sh
require_dotnet
require_azurite

state="$PWD/.local"
mkdir -p "$state"

# A port that was asked for must be free; a default one gives way to the next free one, and says so.
chosen=" "
choose_port() { # name default
  local name=$1 port=${!1:-$2} next
  next=$port
  while [[ "$chosen" == *" $next "* ]] || ! port_is_free "$next"; do next=$((next + 1)); done
  if [ "$next" != "$port" ]; then
    if [ -n "${!name:-}" ]; then echo "Port $port ($name) is in use by another program: free it, or set $name to another one." >&2; exit 1; fi
    echo "Port $port is in use; taking $next (set $name to choose)."
  fi
  printf -v "$name" %s "$next"
  chosen+="$next "
}

host_pid="" azurite_pid=""
stop() {
  trap - EXIT INT TERM
  [ -z "$host_pid" ] || { kill "$host_pid" 2>/dev/null && wait "$host_pid" 2>/dev/null || true; }
  [ -z "$azurite_pid" ] || { kill "$azurite_pid" 2>/dev/null && wait "$azurite_pid" 2>/dev/null || true; }
}
trap stop EXIT
trap 'stop; exit 130' INT TERM

echo "Building ..."
dotnet build src/ClipFunctions.LocalHost -c Release --nologo -v quiet >"$state/build.log" 2>&1 || { cat "$state/build.log" >&2; exit 1; }

exec 8>"$state/lock"
if ! flock -n 8; then echo "Another ./run.sh is running in this folder: stop it first." >&2; exit 1; fi
choose_port AZURITE_BLOB_PORT 10000
choose_port AZURITE_QUEUE_PORT 10001
choose_port CLIP_PORT 7071

[ -f local.settings.json ] || cp local.settings.sample.json local.settings.json

mkdir -p "$state/azurite"
"$AZURITE" --silent --skipApiVersionCheck --disableTelemetry --location "$state/azurite" \
  --blobPort "$AZURITE_BLOB_PORT" --queuePort "$AZURITE_QUEUE_PORT" --tablePort 0 >"$state/azurite.log" 2>&1 8>&- &
azurite_pid=$!
wait_for_port "$AZURITE_BLOB_PORT" "$azurite_pid" && wait_for_port "$AZURITE_QUEUE_PORT" "$azurite_pid" || {
  echo "Azurite did not start; its output:" >&2; cat "$state/azurite.log" >&2; exit 1; }

# Azurite's account and key are published constants, the same on every machine.
storage="DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:$AZURITE_BLOB_PORT/devstoreaccount1;QueueEndpoint=http://127.0.0.1:$AZURITE_QUEUE_PORT/devstoreaccount1"
# While the table is all that is wanted, single uploads are not logged.
log_level=Information
! $once || log_level=Warning
AzureWebJobsStorage="$storage" ClipStorage="$storage" Urls="http://127.0.0.1:$CLIP_PORT" \
  dotnet src/ClipFunctions.LocalHost/bin/Release/net10.0/ClipFunctions.LocalHost.dll \
  --Logging:LogLevel:Default=$log_level --Logging:LogLevel:Microsoft.Hosting.Lifetime=$log_level \
  --Showcase:Folder="$folder" --Showcase:Once="$once" 8>&- &
host_pid=$!
code=0
wait "$host_pid" || code=$?
host_pid=""
exit $code
