#!/usr/bin/env bash
# Builds everything and runs the tests; ends with "N passed, N failed, N skipped".
#   ./test.sh            all tests
#   ./test.sh --golden   only the tests against the reference's golden data
#   ./test.sh --soak     only the long ones, which run in no other case; they print the tables of docs/reliability.md.
#                        CLIP_SOAK_UPLOADS (10000), CLIP_SOAK_MINUTES (30), CLIP_SOAK_PICTURES (100000), CLIP_SOAK_REQUESTS (100000) and
#                        CLIP_FAULT_SEED (another each time) change them.
set -uo pipefail
cd "$(dirname "$0")"

usage() { echo "usage: ./test.sh [--golden | --soak]" >&2; exit 2; }
filter=() soak=
for argument in "$@"; do
  case "$argument" in
    --golden) filter=(-trait Category=Golden) ;;
    --soak) filter=(-explicit only -trait Category=Soak -parallel none) soak=1 ;;
    *) usage ;;
  esac
done

. eng/prerequisites.sh
require_dotnet || exit 1
require_azurite || exit 1
offer_packages

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

dotnet build ClipFunctions.sln -c Release --nologo -v quiet || { echo "The build failed." >&2; exit 1; }

status=0
passed=0 failed=0 skipped=0
projects=(tests/*.Tests)
[ -z "$soak" ] || projects=(tests/ClipFunctions.Reliability.Tests)
for project in "${projects[@]}"; do
  name=$(basename "$project")
  log="$results/$name.log"
  echo "== $name"
  dotnet "$project/bin/Release/net10.0/$name.dll" -noLogo -noColor "${filter[@]}" >"$log" 2>&1
  code=$?
  [ -z "$soak" ] || grep -E '^(\||  seed)' "$log"
  summary=$(grep -E "^ *$name +Total: [0-9]+" "$log" | tail -n 1)
  count() { sed -n "s/.*$1: *\([0-9][0-9]*\).*/\1/p" <<<"$summary"; }
  total=$(count Total) f=$(count Failed) s=$(count Skipped) n=$(count "Not Run")
  f=$((${f:-0} + $(count Errors || true)+0))
  grep -E '\[SKIP\]' -A 1 "$log" || true
  if [ -z "$summary" ] || { [ $code -ne 0 ] && [ $f -eq 0 ]; }; then f=$((f + 1)); echo "$name ended with code $code and no clean summary"; fi
  if [ $f -ne 0 ]; then status=1; cat "$log"; fi
  p=$((${total:-0} - f - ${s:-0} - ${n:-0}))
  [ $p -ge 0 ] || p=0
  echo "   $p passed, $f failed, ${s:-0} skipped"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + ${s:-0}))
done
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
