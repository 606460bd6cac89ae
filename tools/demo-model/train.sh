#!/usr/bin/env bash
# Trains the demo model from nothing: packages, training (resumes where it stopped), export, evaluation, samples.
# Takes one and a half to three hours on 2 cores and writes models/demo/source and samples/. Debian 12.
set -euo pipefail
cd "$(dirname "$0")"

packages=(python3-torch python3-torchvision python3-pil python3-numpy libopenblas0-openmp
          fonts-noto-color-emoji fonts-dejavu-core fonts-dejavu-extra unicode-cldr-core unicode-data)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
  sudo=; ((EUID == 0)) || sudo=sudo
  echo "installing ${missing[*]}"
  $sudo apt-get update -q && $sudo apt-get install -qy --no-install-recommends "${missing[@]}"
fi

mkdir -p work
. ./env.sh
python=/usr/bin/python3
nice -n 10 $python train.py "$@" 2>&1 | tee -a work/train.log
$python export.py
$python evaluate.py --json work/figures.json
$python export.py --figures work/figures.json
$python samples.py
