#!/bin/sh
# Looks for what the later steps need, before anything is made that costs money.
set -eu

fail() {
  echo "preprovision: $*" >&2
  exit 1
}

command -v az >/dev/null 2>&1 || fail "the Azure CLI is missing: https://aka.ms/azure-cli"
az account show --output none 2>/dev/null || fail "not signed in to the Azure CLI: az login"

for provider in Microsoft.App Microsoft.ContainerRegistry Microsoft.EventGrid Microsoft.Insights Microsoft.OperationalInsights Microsoft.Storage Microsoft.Web; do
  state=$(az provider show --namespace "$provider" --query registrationState --output tsv 2>/dev/null || echo unknown)
  if [ "$state" != Registered ]; then
    echo "Registering $provider ..."
    az provider register --namespace "$provider" --wait --output none
  fi
done

if [ "${CLIP_HOSTING:-gpu}" = gpu ]; then
  echo "A serverless GPU (${CLIP_GPU:-T4}) needs quota in ${AZURE_LOCATION:-the region}:"
  echo "  https://learn.microsoft.com/azure/container-apps/gpu-serverless-overview#request-serverless-gpu-quota"
fi
