# The image of one workload:
#
#   docker build --build-arg WORKLOAD=bff --tag tessera/bff .
#
# One file, because the four differ in a name; one image a workload, because each then holds its
# own sources and packages and nobody else's, and changes only when they do.
#
# Nothing but `npm ci` and `buf generate` runs, and both run on the machine that builds: an image
# for arm64 is made on amd64 without emulation. The layout of the tree is kept, since Node erases
# types nowhere below node_modules, where workspaces are links to their folders (docs/adr/0008).
#
# There is no HEALTHCHECK: /livez and /readyz are for the orchestrator to ask, in its own rhythm
# and with its own consequences; a check in the image would run a second Node in the workload's
# memory every few seconds. `compose.yaml` and the charts say how it is asked.

# The version is the one that tools/with-node-24.mjs brings. The workflow that publishes images
# gives the digest of this tag in its place (.github/workflows/images.yaml), and the image's
# provenance records it.
ARG BASE=docker.io/library/node:24.21.0-trixie-slim

# What `npm ci` goes by, before any source, so that a change of sources installs nothing again.
FROM --platform=$BUILDPLATFORM ${BASE} AS manifests
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
COPY proto/package.json proto/
COPY packages/admission-pass/package.json packages/admission-pass/
COPY packages/service-kit/package.json packages/service-kit/
COPY packages/testkit/package.json packages/testkit/
COPY inventory-svc/package.json inventory-svc/
COPY reservation-svc/package.json reservation-svc/
COPY user-svc/package.json user-svc/
COPY bff/package.json bff/

# The code that `proto/` generates.
FROM manifests AS generated
RUN npm ci --ignore-scripts --workspace=proto
COPY buf.yaml buf.gen.yaml ./
COPY proto proto
RUN npm run gen

# The packages of the workload, for the platform that it will run on.
FROM manifests AS packages
ARG WORKLOAD
ARG TARGETARCH
RUN npm ci --omit=dev --ignore-scripts --workspace="${WORKLOAD:?name the workload}" \
  --os=linux --libc=glibc --cpu="$(test "$TARGETARCH" = amd64 && echo x64 || echo "$TARGETARCH")"

FROM ${BASE}
ARG WORKLOAD
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tessera-${WORKLOAD}" \
  org.opencontainers.image.description="Sells scarce things to crowds: ${WORKLOAD}" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"

# The bounds of memory are those that the measurements were made with (packages/testkit/src/services.ts).
ENV NODE_ENV=production \
  MALLOC_ARENA_MAX=2 \
  NODE_OPTIONS="--max-semi-space-size=16 --max-old-space-size=192"

# Root owns all of it, and the workload's user can only read it.
COPY --from=packages /app/node_modules /app/node_modules
COPY --from=generated /app/proto /app/proto
COPY packages/admission-pass /app/packages/admission-pass
COPY packages/service-kit /app/packages/service-kit
COPY ${WORKLOAD} /app/${WORKLOAD}
WORKDIR /app/${WORKLOAD}

# By number, which Kubernetes can tell from root's (runAsNonRoot).
USER 10001:10001
# Node is process 1 and hears signals itself: main.ts drains on SIGTERM. It starts no processes,
# so there are none to reap. No shell is involved, and the base's entry point, which is one, is not.
STOPSIGNAL SIGTERM
ENTRYPOINT []
# What erases types in Node is the only WebAssembly here: compiled well it takes 10 MiB more, and 0.1 s
# more of each start. NODE_OPTIONS takes no such flag.
CMD ["node", "--liftoff-only", "src/main.ts"]
