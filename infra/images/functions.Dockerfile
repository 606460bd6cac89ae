# The Functions app for Azure Container Apps (GPU) and for Elastic Premium (CPU). Built from the repository's root:
#   docker build -f infra/images/functions.Dockerfile -t clip:cuda13 .
#   docker build -f infra/images/functions.Dockerfile -t clip:cpu --build-arg CUDA_IMAGE=mcr.microsoft.com/dotnet/runtime-deps:10.0 .
# Nothing here needs BuildKit, so that az acr build builds it too.

# 13.x.y goes with Microsoft.ML.OnnxRuntime.Gpu as NuGet has it. 12.x.y needs ONNX Runtime's build for CUDA 12 (see below).
ARG CUDA=13.0.2
ARG CUDA_IMAGE=nvidia/cuda:${CUDA}-cudnn-runtime-ubuntu22.04
ARG DOTNET=10.0

# The libraries of CUDA that ONNX Runtime's provider asks for, and no others: a third of what the image above holds. For CPUs: an empty folder.
FROM ${CUDA_IMAGE} AS cuda
USER root
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN mkdir -p /cuda-libraries && \
    for library in libcudart libcublas libcublasLt libcurand libcufft libnvrtc libnvrtc-builtins libcudnn libcudnn_graph libcudnn_ops libcudnn_cnn \
        libcudnn_adv libcudnn_heuristic libcudnn_engines_precompiled libcudnn_engines_runtime_compiled; do \
      find -L /usr/local/cuda/lib64 /usr/local/cuda/targets /usr/lib/x86_64-linux-gnu -maxdepth 4 -name "${library}.so.*" 2>/dev/null | \
        while read -r file; do cp -P "$file" /cuda-libraries/; cp -P "$(readlink -f "$file")" /cuda-libraries/; done; \
    done; \
    ls /cuda-libraries

FROM mcr.microsoft.com/dotnet/sdk:${DOTNET} AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /src
COPY . .
ARG CUDA=13.0.2
ARG CUDA_IMAGE=nvidia/cuda:${CUDA}-cudnn-runtime-ubuntu22.04
# Packages are those of the lock files, or none. The GPU flavour of ONNX Runtime only where there are CUDA's libraries to go with it: it has half a gigabyte.
RUN case "$CUDA_IMAGE" in nvidia/*) azure=true ;; *) azure=false ;; esac && \
    dotnet publish src/ClipFunctions -c Release -r linux-x64 --self-contained false -p:AzurePackages=$azure -p:RestoreLockedMode=true -o /app && \
    dotnet publish src/ClipFunctions.Cli -c Release -r linux-x64 --self-contained false -p:RestoreLockedMode=true -o /clip && \
    find /app /clip -name '*.pdb' -delete

# CUDA 12: the same version of ONNX Runtime, built for it, in the place of the package's libraries. Its address and its SHA-256 are given together.
ARG ONNXRUNTIME_CUDA12_URL=""
ARG ONNXRUNTIME_CUDA12_SHA256=""
RUN case "$CUDA" in 12.*) \
      [ -n "$ONNXRUNTIME_CUDA12_URL" ] && [ -n "$ONNXRUNTIME_CUDA12_SHA256" ] || \
        { echo "CUDA $CUDA needs ONNXRUNTIME_CUDA12_URL (onnxruntime-linux-x64-gpu_cuda12-VERSION.tgz of ONNX Runtime's releases) and ONNXRUNTIME_CUDA12_SHA256." >&2; exit 1; }; \
      curl --fail --silent --show-error --location --output /tmp/onnxruntime.tgz "$ONNXRUNTIME_CUDA12_URL" && \
      echo "$ONNXRUNTIME_CUDA12_SHA256  /tmp/onnxruntime.tgz" | sha256sum --check && \
      tar -xzf /tmp/onnxruntime.tgz -C /tmp && \
      find /app -name 'libonnxruntime*.so' -print0 | while IFS= read -r -d '' file; do \
        replacement=$(find /tmp/onnxruntime-* -name "$(basename "$file")" | head -n 1); [ -z "$replacement" ] || cp -L "$replacement" "$file"; done; \
      rm -rf /tmp/onnxruntime* ;; \
    esac

# A model put into the image, so that no start has to fetch it: MODEL=ViT-B/32:fp16. Empty: models come from the account's container or the hub.
ARG MODEL=""
ARG ACCEPT_LICENCE=""
RUN mkdir -p /models && \
    if [ -n "$MODEL" ]; then dotnet /clip/clip.dll pull "$MODEL" --cache /models ${ACCEPT_LICENCE:+--accept-licence "$ACCEPT_LICENCE"}; fi

# What is in the app, as SPDX, beside it.
ARG VERSION=0.1.0
ARG SBOM_TOOL_SHA512=eee52026e6f2b98e1052d8bcb9196bf602b17fedef6cb378ea85e4b7ca1e8acddebf079f505041a696000e26fc441639f471bcccb8c09f2d132c3cdb18e9ba17
RUN dotnet tool install --tool-path /tools Microsoft.Sbom.DotNetTool --version 4.1.13 && \
    echo "$SBOM_TOOL_SHA512  $(find /tools/.store -name 'microsoft.sbom.dotnettool.4.1.13.nupkg')" | sha512sum --check && \
    DOTNET_ROLL_FORWARD=Major /tools/sbom-tool generate -b /app -bc /src/src -pn ClipFunctions -pv "$VERSION" -ps ClipFunctions -nsb https://clipfunctions.invalid

FROM mcr.microsoft.com/azure-functions/dotnet-isolated:4-dotnet-isolated${DOTNET} AS final
ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true \
    ASPNETCORE_URLS=http://+:8080 \
    HOME=/home \
    Clip__CacheDirectory=/models \
    LD_LIBRARY_PATH=/opt/cuda \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=cuda /cuda-libraries /opt/cuda
COPY --from=build /app /home/site/wwwroot
COPY --from=build /models /models
# 1654 is the user app of Microsoft's .NET images. It needs no privileged port, and writes to its home, its models and the host's own folder of secrets.
RUN mkdir -p /azure-functions-host/Secrets /home/data /home/LogFiles && \
    chown -R 1654:1654 /home /models /azure-functions-host/Secrets
USER 1654
EXPOSE 8080
