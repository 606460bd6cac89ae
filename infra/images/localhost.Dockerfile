# The local host as a container, for Kubernetes with KEDA (infra/kubernetes) or any Docker. Built from the repository's root:
#   docker build -f infra/images/localhost.Dockerfile -t clip-localhost:cpu .
#   docker build -f infra/images/localhost.Dockerfile -t clip-localhost:cuda13 --build-arg CUDA_IMAGE=nvidia/cuda:13.0.2-cudnn-runtime-ubuntu22.04 .

ARG CUDA_IMAGE=mcr.microsoft.com/dotnet/runtime-deps:10.0
ARG DOTNET=10.0

# See functions.Dockerfile; an empty folder for CPUs.
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
ARG CUDA_IMAGE=mcr.microsoft.com/dotnet/runtime-deps:10.0
RUN case "$CUDA_IMAGE" in nvidia/*) azure=true ;; *) azure=false ;; esac && \
    dotnet publish src/ClipFunctions.LocalHost -c Release -r linux-x64 --self-contained false -p:AzurePackages=$azure -p:RestoreLockedMode=true -o /app && \
    dotnet publish src/ClipFunctions.Cli -c Release -r linux-x64 --self-contained false -p:AzurePackages=$azure -p:RestoreLockedMode=true -o /clip && \
    find /app /clip -name '*.pdb' -delete && cp host.json /app/
ARG MODEL=""
ARG ACCEPT_LICENCE=""
RUN mkdir -p /models && \
    if [ -n "$MODEL" ]; then dotnet /clip/clip.dll pull "$MODEL" --cache /models ${ACCEPT_LICENCE:+--accept-licence "$ACCEPT_LICENCE"}; fi
ARG VERSION=0.1.0
ARG SBOM_TOOL_SHA512=eee52026e6f2b98e1052d8bcb9196bf602b17fedef6cb378ea85e4b7ca1e8acddebf079f505041a696000e26fc441639f471bcccb8c09f2d132c3cdb18e9ba17
RUN dotnet tool install --tool-path /tools Microsoft.Sbom.DotNetTool --version 4.1.13 && \
    echo "$SBOM_TOOL_SHA512  $(find /tools/.store -name 'microsoft.sbom.dotnettool.4.1.13.nupkg')" | sha512sum --check && \
    DOTNET_ROLL_FORWARD=Major /tools/sbom-tool generate -b /app -bc /src/src -pn ClipFunctions.LocalHost -pv "$VERSION" -ps ClipFunctions -nsb https://clipfunctions.invalid

# The clip command alone, as for clip retag: --target cli.
FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET} AS cli
ENV CLIP_CACHE=/models LD_LIBRARY_PATH=/opt/cuda NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=cuda /cuda-libraries /opt/cuda
COPY --from=build /clip /clip
COPY --from=build --chown=1654:1654 /models /models
USER 1654
ENTRYPOINT ["dotnet", "/clip/clip.dll"]

FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET} AS final
# Listens beyond the container, and so demands a key: Clip__Http__Key.
ENV Urls=http://+:8080 \
    Clip__CacheDirectory=/models \
    LD_LIBRARY_PATH=/opt/cuda \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=cuda /cuda-libraries /opt/cuda
COPY --from=build /app /app
COPY --from=build --chown=1654:1654 /models /models
# host.json and local.settings.json are read from the folder that it is started in.
WORKDIR /app
USER 1654
EXPOSE 8080
ENTRYPOINT ["dotnet", "ClipFunctions.LocalHost.dll"]
