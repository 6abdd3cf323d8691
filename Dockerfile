# The three tools and a shell to pipe them in.
#
#     docker build -t a0permit .
#     docker run --rm --init --user "$(id -u):$(id -g)" -v "$PWD:/work" a0permit \
#       sh -c 'set -o pipefail; a0export | a0tojsonl | permitload --create-missing no > left.jsonl'
#
# The settings are read from .env in the mounted directory, and left.jsonl is
# written there. --init passes Ctrl-C and a stop on to the tools. With a read-only
# root, mount something at /tmp: permitload keeps its input there.

# Images are pinned by digest; Dependabot moves them on.

# Only for what the build itself runs; it runs on the machine that builds.
FROM --platform=$BUILDPLATFORM alpine:3.24.2@sha256:294b683cb724975bec92580e1e685676bd4b50bda910ddb8c51d4cabeaec77e6 AS files
RUN mkdir /work

# Nothing is run below, so that an image for another architecture needs no emulator.
# Alpine brings the CA certificates: /etc/ssl/certs/ca-certificates.crt.
FROM alpine:3.24.2@sha256:294b683cb724975bec92580e1e685676bd4b50bda910ddb8c51d4cabeaec77e6 AS base
COPY --from=files --chown=65532:65532 /work /work
WORKDIR /work
USER 65532:65532
CMD ["/bin/sh"]

# A release: the binaries were built before, and stand in a folder for each platform.
FROM base AS release
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/a0export $TARGETPLATFORM/a0tojsonl $TARGETPLATFORM/permitload /usr/bin/

FROM --platform=$BUILDPLATFORM golang:1.26.9@sha256:f1f0bcc2c524a3ced375fcb4d1ecb7aa371aa7070e112599aaca45cc02d0101b AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY internal/gendocs/nomd2man internal/gendocs/nomd2man
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags='-s -w' -o /out/ ./cmd/a0export ./cmd/a0tojsonl ./cmd/permitload

# The default: docker build with nothing but a clone.
FROM base
COPY --from=build /out/ /usr/bin/
