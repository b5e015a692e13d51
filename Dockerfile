# chatd alone in an empty root: one static program, the certificates that it needs to fetch
# a JWKS address over TLS, and a data folder that belongs to an unprivileged user.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN deploy/build.sh /out "$VERSION"

FROM scratch
COPY --from=build /out/ /
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
# Copied with its owner, so that a fresh volume is writable by that user.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
# SQLite's temporary files go to the working folder: the root may be read-only.
WORKDIR /data
ENV CHATD_ADDR=:8000 CHATD_DATA_DIR=/data
EXPOSE 8000
VOLUME ["/data"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/chatd", "healthcheck"]
ENTRYPOINT ["/chatd"]
