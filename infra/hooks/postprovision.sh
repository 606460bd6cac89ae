#!/bin/sh
# Builds the image, deploys the app with it, waits for it, and subscribes it to uploads. Does each step again without harm.
#   azd hooks run postprovision     after a change of the code
# CLIP_IMAGE_TAG names the image (default: the commit); CLIP_BAKED_MODEL is put into it, so that no start has to fetch it.
set -eu

: "${AZURE_RESOURCE_GROUP:?}" "${AZURE_CONTAINER_REGISTRY_NAME:?}" "${AZURE_CONTAINER_REGISTRY_ENDPOINT:?}"
: "${CLIP_STORAGE_ACCOUNT:?}" "${CLIP_HOSTING:?}" "${CLIP_APP_PARAMETERS:?}"

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$root"

fail() {
  echo "postprovision: $*" >&2
  exit 1
}

tag=${CLIP_IMAGE_TAG:-$(git rev-parse --short=12 HEAD 2>/dev/null || date -u +%Y%m%d%H%M%S)}
cuda=${CLIP_CUDA:-13.0.2}
[ "$CLIP_HOSTING" = gpu ] || cuda=none
image="$AZURE_CONTAINER_REGISTRY_ENDPOINT/clip:$tag-${cuda%%.*}"

# 1. The image, built in the registry: no Docker is needed here.
if az acr repository show --name "$AZURE_CONTAINER_REGISTRY_NAME" --image "clip:$tag-${cuda%%.*}" --output none 2>/dev/null && [ -z "$(git status --porcelain 2>/dev/null)" ]; then
  echo "The registry has $image."
else
  echo "Building $image ..."
  set -- --build-arg "MODEL=${CLIP_BAKED_MODEL:-}"
  if [ "$cuda" = none ]; then
    set -- "$@" --build-arg CUDA_IMAGE=mcr.microsoft.com/dotnet/runtime-deps:10.0
  else
    set -- "$@" --build-arg "CUDA=$cuda"
  fi
  az acr build --registry "$AZURE_CONTAINER_REGISTRY_NAME" --image "clip:$tag-${cuda%%.*}" \
    --file infra/images/functions.Dockerfile "$@" --output none . ||
    fail "the image could not be built; see above."
fi

# 2. The app. Roles that were given a moment ago may take minutes to be seen.
echo "Deploying the app ..."
parameters=$(mktemp)
trap 'rm -f "$parameters"' EXIT
write_parameters() {
  cat >"$parameters" <<JSON
{ "\$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#", "contentVersion": "1.0.0.0", "parameters": $1 }
JSON
}
write_parameters "$CLIP_APP_PARAMETERS"
try=1
until az deployment group create --resource-group "$AZURE_RESOURCE_GROUP" --name app --template-file infra/app.bicep \
  --parameters "@$parameters" --parameters "image=$image" --output none; do
  [ "$try" -lt 3 ] || fail "the app could not be deployed; see above."
  try=$((try + 1))
  echo "Once more in a minute ..."
  sleep 60
done
output() {
  az deployment group show --resource-group "$AZURE_RESOURCE_GROUP" --name app --query "properties.outputs.$1.value" --output tsv
}
app=$(output appName)
url=$(output appUrl)
if command -v azd >/dev/null 2>&1; then
  azd env set CLIP_IMAGE "$image"
  azd env set CLIP_APP_NAME "$app"
  azd env set CLIP_APP_URL "$url"
fi

# 3. The first start waits for a GPU, pulls the image and fetches the model.
echo "Waiting for $url ..."
waited=0
until curl --silent --fail --max-time 60 --output /dev/null "$url/api/health/live"; do
  [ "$waited" -lt 1800 ] || fail "$url/api/health/live did not answer in half an hour. Look at the app's log: docs/operations.md."
  waited=$((waited + 15))
  sleep 15
done

# 4. Event Grid asks the app for a handshake, so the subscription comes last.
if [ -z "${CLIP_EVENT_TOPIC:-}" ]; then
  echo "Ready: $url (uploads are found by a scan)"
  exit 0
fi
if [ "$CLIP_HOSTING" = gpu ]; then
  az extension add --name containerapp --upgrade --only-show-errors --output none
  key=$(az containerapp function keys list --resource-group "$AZURE_RESOURCE_GROUP" --name "$app" --key-type systemKey \
    --query "(value.keys || keys)[?name=='blobs_extension'].value | [0]" --output tsv)
else
  key=$(az functionapp keys list --resource-group "$AZURE_RESOURCE_GROUP" --name "$app" --query systemKeys.blobs_extension --output tsv)
fi
[ -n "$key" ] || fail "the app has no key named blobs_extension: has it started with TagUploadOnEvent?"
echo "Subscribing to uploads ..."
# The key goes through a file that only its owner can read, not over the command line, which other users of the machine see.
chmod 600 "$parameters"
write_parameters "{
  \"topicName\": { \"value\": \"$CLIP_EVENT_TOPIC\" },
  \"storageName\": { \"value\": \"$CLIP_STORAGE_ACCOUNT\" },
  \"prefix\": { \"value\": \"${CLIP_UPLOAD_PREFIX:-}\" },
  \"webhookUrl\": { \"value\": \"$url/runtime/webhooks/blobs?functionName=Host.Functions.TagUploadOnEvent&code=$key\" }
}"
az deployment group create --resource-group "$AZURE_RESOURCE_GROUP" --name event-subscription --template-file infra/event-subscription.bicep \
  --parameters "@$parameters" --output none || fail "the subscription could not be made; see above."
echo "Ready: $url"
echo "Upload with: az storage blob upload --auth-mode login --account-name $CLIP_STORAGE_ACCOUNT --container-name uploads --file PICTURE"
