# Builds trust-budget, and puts it into a small image that runs it as an unprivileged user.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpq-dev libsqlite3-dev libyaml-dev pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# Swift's own libraries go into the program, so the image below needs none of them.
RUN swift build -c release --product trust-budget --static-swift-stdlib \
    && install -D -s "$(swift build -c release --static-swift-stdlib --show-bin-path)/trust-budget" \
        /out/trust-budget

# The same Debian as above: the program uses its C libraries.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates libpq5 libsqlite3-0 libyaml-0-2 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin trust-budget
COPY --from=build /out/trust-budget /usr/local/bin/trust-budget
# The audit file and the break-glass journal go below server/data here: mount a volume.
RUN install -d -o trust-budget -g trust-budget -m 750 /var/lib/trust-budget
WORKDIR /var/lib/trust-budget
USER trust-budget
EXPOSE 8470
# Alive, not ready: a node without PostgreSQL still answers what needs no budget. By bash, because the
# image has no other HTTP client. It is for `serve` on its usual port; other commands end before it.
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 \
    CMD ["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8470 && printf 'GET /healthz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && IFS=' ' read -r -t 2 _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["/usr/local/bin/trust-budget"]
CMD ["--help"]
