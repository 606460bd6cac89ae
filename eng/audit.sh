#!/usr/bin/env bash
# Asks the package sources for known vulnerabilities of everything that is locked: NuGet packages (transitive ones too) and Azurite's npm packages.
# Ends with 0 if nothing is known, 1 if something is, 2 if a source could not tell: then nothing is known, which is not the same.
set -uo pipefail
cd "$(dirname "$0")/.."
status=0
worse() { [ $status -eq 1 ] || status=$1; } # a finding outweighs what cannot be told

export DOTNET_CLI_UI_LANGUAGE=en
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Some sources know of no vulnerability at all and do not say so: one that does not know CVE-2024-21907 (Newtonsoft.Json before 13.0.1) cannot tell.
knows_the_known() {
  local probe
  probe=$(mktemp -d)
  echo '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup><ItemGroup><PackageReference Include="Newtonsoft.Json" Version="12.0.1" /></ItemGroup></Project>' >"$probe/probe.csproj"
  dotnet restore "$probe/probe.csproj" --nologo >"$log" 2>&1
  grep -q 'NU1903.*Newtonsoft.Json' "$log"
  local known=$?
  rm -rf "$probe"
  return $known
}

echo "== NuGet"
if ! knows_the_known; then
  echo "The package source does not tell of a vulnerability that is known to all: it cannot tell."
  worse 2
fi
# NU1901 to NU1904 are findings.
dotnet restore ClipFunctions.sln --nologo --force -p:NuGetAudit=true -p:NuGetAuditMode=all -p:NuGetAuditLevel=low '-p:WarningsNotAsErrors="NU1900;NU1901;NU1902;NU1903;NU1904;NU1905"' >"$log" 2>&1
code=$?
if grep -qE 'NU190[1-4]' "$log"; then
  grep -oE 'warning NU190[1-4]: .*' "$log" | sed 's/ \[.*//' | sort -u
  worse 1
elif grep -qE 'NU190[05]' "$log"; then
  echo "The package source gives no data on vulnerabilities (NU1900 or NU1905): it cannot tell."
  worse 2
elif [ $code -ne 0 ]; then
  tail -n 5 "$log"
  echo "The restore failed: nothing is known."
  worse 2
elif ! dotnet list ClipFunctions.sln package --vulnerable --include-transitive >"$log" 2>&1; then
  tail -n 3 "$log"
  echo "dotnet list package --vulnerable failed: nothing is known."
  worse 2
elif grep -q 'has the following vulnerable packages' "$log"; then
  grep -E 'has the following|^ +>' "$log"
  worse 1
else
  echo "It names none of ours."
fi

for folder in eng/azurite eng/peers eng/core-tools; do
  echo "== npm: $folder"
  if ! command -v npm >/dev/null 2>&1; then
    echo "npm is missing: nothing is known."
    worse 2
    continue
  fi
  npm audit --prefix "$folder" --package-lock-only --json >"$log" 2>/dev/null
  if grep -q '"vulnerabilities"' "$log"; then
    total=$(node -e 'console.log(JSON.parse(require("fs").readFileSync(process.argv[1])).metadata.vulnerabilities.total)' "$log")
    if [ "$total" = 0 ]; then echo "No known vulnerability."; else npm audit --prefix "$folder" --package-lock-only; worse 1; fi
  else
    echo "The npm registry does not answer questions about vulnerabilities: it cannot tell."
    worse 2
  fi
done
exit $status
