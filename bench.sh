#!/usr/bin/env bash
# Measures ClipFunctions and its peers side by side on this machine; prints the tables of docs/benchmarks.md.
#   ./bench.sh                     all groups
#   ./bench.sh GROUP...            images texts javascript pixels tokens labels start
#   ./bench.sh probe               the linear probe against scikit-learn (long; see docs/benchmarks.md)
#   ./bench.sh --write [GROUP...]  writes the tables into docs/benchmarks.md too; of groups not run the last rows stand
# BENCH_ROUNDS=1 is for trying it out: figures want the seven rounds that are the default, on an idle machine.
# The peers are fetched into BENCH_DIR (default: a folder in /tmp, kept for the next run), never into this folder.
# CLIP_SOURCE and FTFY_SOURCE name checkouts of openai/CLIP and rspeer/python-ftfy where GitHub cannot be reached.
# A peer that cannot be had is named and left out; the rest is measured.
set -uo pipefail
cd "$(dirname "$0")"

clip_revision=d05afc436d78f1c48dc0dbf8e5980a9d471f35f6
ftfy_version=6.3.1
ftfy_revision=74dd0452b48286a3770013b3a02755313bd5575e
python=/usr/bin/python3

groups=()
for argument in "$@"; do
  case "$argument" in
    -h|--help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --write|images|texts|javascript|pixels|tokens|labels|start|probe) groups+=("$argument") ;;
    *) echo "bench.sh: unknown argument $argument (see ./bench.sh --help)" >&2; exit 2 ;;
  esac
done

. eng/prerequisites.sh
require_dotnet || exit 1

BENCH_DIR=${BENCH_DIR:-${TMPDIR:-/tmp}/clip-functions-bench-$(id -u)}
mkdir -p "$BENCH_DIR"
BENCH_DIR=$(cd "$BENCH_DIR" && pwd)
log="$BENCH_DIR/install.log"
: >"$log"
missing() { echo "bench.sh: without $1: $2"; }

# openai/CLIP's source: also the vocabulary and ImageNet's names that our own side reads.
clip_source=${CLIP_SOURCE:-$BENCH_DIR/CLIP}
fetch_clip() {
  [ -f "$clip_source/clip/clip.py" ] && return
  [ -z "${CLIP_SOURCE:-}" ] || return 1
  echo "Fetching openai/CLIP ..."
  { rm -rf "$clip_source" && git clone -q https://github.com/openai/CLIP "$clip_source" && git -C "$clip_source" checkout -q "$clip_revision"; } >>"$log" 2>&1
}
if ! fetch_clip; then
  echo "bench.sh: openai/CLIP cannot be had (see $log); its vocabulary is needed by all groups: set CLIP_SOURCE to a checkout." >&2
  exit 1
fi

# Its Python packages: PyTorch and torchvision are Debian's, as installed; the small ones are unpacked beside them if they are not.
packages="$BENCH_DIR/python"
has_module() { PYTHONPATH="$packages${FTFY_SOURCE:+:$FTFY_SOURCE}" "$python" -c "import $1" 2>/dev/null; }
fetch_debian() { # module package
  has_module "$1" && return
  echo "Fetching $2 ..."
  mkdir -p "$BENCH_DIR/debian"
  (cd "$BENCH_DIR/debian" && rm -f "$2"_*.deb && apt-get download "$2" && dpkg -x "$2"_*.deb . && mkdir -p "$packages" && cp -r usr/lib/python3/dist-packages/. "$packages") >>"$log" 2>&1
  has_module "$1"
}
fetch_ftfy() {
  has_module ftfy && return
  [ -z "${FTFY_SOURCE:-}" ] || return 1
  echo "Fetching ftfy $ftfy_version ..."
  { rm -rf "$BENCH_DIR/ftfy" && git clone -q https://github.com/rspeer/python-ftfy "$BENCH_DIR/ftfy" && git -C "$BENCH_DIR/ftfy" checkout -q "$ftfy_revision" &&
    mkdir -p "$packages" && cp -r "$BENCH_DIR/ftfy/ftfy" "$packages"; } >>"$log" 2>&1
  has_module ftfy
}
peer_python=""
if [ ! -x "$python" ] || ! "$python" -c 'import torch, torchvision, numpy, PIL' 2>>"$log"; then
  missing openai/CLIP "PyTorch is not installed (apt-get install python3-torch python3-torchvision python3-numpy python3-pil libopenblas0-openmp)"
elif ! { fetch_debian regex python3-regex && fetch_debian wcwidth python3-wcwidth && fetch_debian tqdm python3-tqdm && fetch_debian packaging python3-packaging; }; then
  missing openai/CLIP "a Python package cannot be had (see $log)"
elif ! fetch_ftfy; then
  missing openai/CLIP "ftfy cannot be had (see $log); set FTFY_SOURCE to a checkout of rspeer/python-ftfy $ftfy_version"
else
  peer_python=$python
fi

# transformers.js brings onnxruntime-node with the CPU's library inside; its install script would only fetch CUDA's. sharp is its dependency, pinned in eng/peers too.
fetch_node() {
  cmp -s eng/peers/package-lock.json "$BENCH_DIR/node/package-lock.json" && [ -f "$BENCH_DIR/node/complete" ] && return
  command -v npm >/dev/null 2>&1 || return 1
  echo "Fetching @huggingface/transformers and sharp ..."
  { rm -rf "$BENCH_DIR/node" && mkdir -p "$BENCH_DIR/node" && cp eng/peers/package.json eng/peers/package-lock.json "$BENCH_DIR/node" &&
    npm ci --prefix "$BENCH_DIR/node" --ignore-scripts --no-audit --no-fund && touch "$BENCH_DIR/node/complete"; } >>"$log" 2>&1
}
peer_node=""
if fetch_node; then peer_node=$(command -v node); else missing "transformers.js and sharp" "npm could not fetch them (see $log)"; fi

echo "Building ..."
for project in src/ClipFunctions.Cli tests/ClipFunctions.Benchmarks; do
  dotnet build "$project" -c Release --nologo -v quiet >>"$log" 2>&1 || { cat "$log" >&2; exit 1; }
done

measure() { dotnet tests/ClipFunctions.Benchmarks/bin/Release/net10.0/ClipFunctions.Benchmarks.dll "$@"; }
status=0
sides=()
probe=false
for group in "${groups[@]}"; do
  if [ "$group" = probe ]; then probe=true; else sides+=("$group"); fi
done
if [ ${#groups[@]} -eq 0 ] || [ ${#sides[@]} -gt 0 ]; then
  CLIP_SOURCE="$clip_source" PEER_PYTHON="$peer_python" PEER_PYTHONPATH="$clip_source:$packages${FTFY_SOURCE:+:$FTFY_SOURCE}" \
    PEER_NODE="$peer_node" PEER_NODE_MODULES="$BENCH_DIR/node/node_modules" measure peers "$BENCH_DIR" "${sides[@]}" || status=$?
fi
if $probe; then measure probe "$BENCH_DIR" || status=$?; fi
exit $status
