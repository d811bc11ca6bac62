# The job, the service and their model in one image: no download, no shell script and no write to its file system at run
# time.
#
#   docker build --build-arg REVISION="$(git rev-parse HEAD)" --tag embedding-job .
#   docker run --rm --read-only --env DATABASE_URL embedding-job
#   docker run --rm --read-only --env DATABASE_URL --volume "$PWD/keys:/keys:ro" --publish 127.0.0.1:8000:8000 \
#       --entrypoint catalog-server embedding-job --host 0.0.0.0 --keys /keys
#
# What fetches from Hugging Face and Kaggle, in an image without the model; not built where it was written either:
#
#   docker build --target fetch --build-arg REVISION="$(git rev-parse HEAD)" --tag catalog-fetch .
#   docker run --rm --read-only --env DATABASE_URL --env HF_TOKEN catalog-fetch huggingface
#   docker run --rm --read-only --env DATABASE_URL --volume "$PWD/meta-kaggle:/meta-kaggle:ro" catalog-fetch kaggle-seed /meta-kaggle
#
# The same as the first with NVIDIA's libraries, a gigabyte more, for machines with a GPU. This target was not built where it was
# written, for want of a Docker engine, and has not yet run on a GPU:
#
#   docker build --target gpu --build-arg REVISION="$(git rev-parse HEAD)" --tag embedding-job:gpu .
#   docker run --rm --read-only --gpus all --env DATABASE_URL embedding-job:gpu

# Base images by the versions of what is in them. Such a tag is made anew when its distribution mends something; one that never
# changes has the digest that `docker buildx imagetools inspect NAME:TAG` prints: NAME:TAG@sha256:DIGEST. None could be looked up
# where this was written.
ARG SWIFT_VERSION=6.3.1
ARG DEBIAN_VERSION=12.15
ARG MODEL=all-MiniLM-L6-v2
# The libraries of CUDA 12 work with every driver from 525 on, those of CUDA 13 only from 580 on.
ARG CUDA_IMAGE=nvidia/cuda:12.9.1-runtime-ubuntu22.04

FROM swift:${SWIFT_VERSION}-bookworm AS tools
WORKDIR /src
COPY Scripts/setup Scripts/
RUN Scripts/setup

# Verified against the committed checksums; a model that is already in the build context is not fetched again.
FROM tools AS model
ARG MODEL
ARG HF_ENDPOINT=https://huggingface.co
COPY Scripts/fetch-weights Scripts/
COPY weights/${MODEL} weights/${MODEL}
RUN Scripts/fetch-weights "${MODEL}" && chmod -R a=rX,u+w weights

# Dependencies are a layer of their own. The package's manifest names targets that are not built, so their folders must be
# there.
FROM tools AS build
COPY Package.swift ./
RUN swift package resolve
COPY Sources Sources
COPY Tests Tests
COPY Benchmarks/Micro Benchmarks/Micro
RUN for product in embedding-job catalog-server catalog-fetch; do \
        swift build -c release --static-swift-stdlib -Xlinker -s --product "$product" \
        && cp "$(swift build -c release --show-bin-path)/$product" / || exit; \
    done

FROM debian:${DEBIAN_VERSION}-slim AS system
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates \
        libopenblas0-pthread \
        libpq5 \
        libssl3 \
        libutf8proc2 \
    && rm -rf /var/lib/apt/lists/*

# What the image is made of, for those who watch for vulnerabilities.
FROM build AS bill
ARG MODEL
ARG REVISION=unknown
ARG SOURCE_DATE_EPOCH
COPY Scripts/bill-of-materials Scripts/
COPY --from=model /src/weights/${MODEL}/model.lock.json /src/weights/${MODEL}/SHA256SUMS weights/${MODEL}/
COPY --from=system /var/lib/dpkg/status /dpkg-status
RUN Scripts/bill-of-materials --build .build/release --executable /embedding-job --executable /catalog-server \
        --revision "${REVISION}" --dpkg-status /dpkg-status --model "weights/${MODEL}" >/embedding-job.cdx.json

FROM bill AS gpu-bill
ARG CUDA_IMAGE
ARG MODEL
ARG REVISION=unknown
ARG SOURCE_DATE_EPOCH
RUN Scripts/bill-of-materials --build .build/release --executable /embedding-job --executable /catalog-server \
        --revision "${REVISION}" --dpkg-status /dpkg-status --model "weights/${MODEL}" --cuda-image "${CUDA_IMAGE}" \
        >/embedding-job.cdx.json

# Everything but what a GPU needs.
FROM system AS runtime
ARG MODEL
COPY --from=model /src/weights /opt/embedding-job/weights
COPY --from=build /embedding-job /catalog-server /usr/local/bin/
COPY --from=bill /embedding-job.cdx.json /usr/share/doc/embedding-job/

# OpenBLAS starts a thread for every processor of the node when it is loaded, before the program can tell it not to.
ENV EMBEDDING_MODEL=${MODEL} \
    EMBEDDING_WEIGHTS=/opt/embedding-job/weights \
    OPENBLAS_NUM_THREADS=1

# A number, so that Kubernetes can tell that it is not root.
USER 65532:65532
# A missing library fails the build of the image, not its first run.
RUN ["embedding-job", "--version"]
RUN ["catalog-server", "--version"]
ENTRYPOINT ["embedding-job"]
CMD ["run"]

ARG DEBIAN_VERSION
ARG REVISION=unknown
LABEL org.opencontainers.image.title="embedding-job" \
      org.opencontainers.image.description="Gives every row of a PostgreSQL table its sentence embedding, then exits." \
      org.opencontainers.image.version="0.2.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/debian:${DEBIAN_VERSION}-slim"

# Under the names that are looked for, without the links between them; of a toolkit's dozen libraries these are used.
FROM ${CUDA_IMAGE} AS cuda
RUN mkdir /cuda \
    && cd /usr/local/cuda/lib64 \
    && cp --dereference libcublas.so.?? libcublasLt.so.?? libnvrtc.so.?? libnvrtc-builtins.so.??.? /cuda/

# NVIDIA's images are no Debian, whose libraries the executable is linked with; theirs need only an older glibc. The driver,
# libcuda.so.1, comes from the machine: the container runtime puts it in for whoever asks for `compute`.
FROM runtime AS gpu
COPY --from=cuda /cuda /usr/local/cuda/lib64
COPY --from=gpu-bill /embedding-job.cdx.json /usr/share/doc/embedding-job/
ENV EMBEDDING_DEVICE=cuda \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

# What fetches: no model, and nothing that multiplies matrices.
FROM debian:${DEBIAN_VERSION}-slim AS fetch-system
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates \
        libpq5 \
        libssl3 \
        zlib1g \
    && rm -rf /var/lib/apt/lists/*

FROM build AS fetch-bill
ARG REVISION=unknown
ARG SOURCE_DATE_EPOCH
COPY Scripts/bill-of-materials Scripts/
COPY --from=fetch-system /var/lib/dpkg/status /dpkg-status
RUN Scripts/bill-of-materials --build .build/release --executable /catalog-fetch --revision "${REVISION}" \
        --dpkg-status /dpkg-status >/catalog-fetch.cdx.json

FROM fetch-system AS fetch
COPY --from=build /catalog-fetch /usr/local/bin/
COPY --from=fetch-bill /catalog-fetch.cdx.json /usr/share/doc/catalog-fetch/
USER 65532:65532
RUN ["catalog-fetch", "--version"]
ENTRYPOINT ["catalog-fetch"]

ARG DEBIAN_VERSION
ARG REVISION=unknown
LABEL org.opencontainers.image.title="catalog-fetch" \
      org.opencontainers.image.description="Fills a PostgreSQL table from Hugging Face and Kaggle." \
      org.opencontainers.image.version="0.2.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/debian:${DEBIAN_VERSION}-slim"

# What `docker build` makes unless a target is named: the last one. It takes nothing of NVIDIA's, and BuildKit, Docker's
# builder since version 23, does not even fetch it.
FROM runtime
