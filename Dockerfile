# The action's image. GitHub mounts the workspace for root, so there is no USER, and sets the
# working directory itself, so there is no WORKDIR.
# The digest is that of python:3.13.15-slim-trixie, as a dozen public repositories pin it
# (2026-09-28 to 2026-10-01); Dependabot renews it.
FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS base

FROM base AS build
COPY requirements-build.lock requirements.lock /locks/
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r /locks/requirements-build.lock \
    && pip install --no-cache-dir --no-compile --prefix=/install --require-hashes \
        --only-binary :all: -r /locks/requirements.lock
COPY pyproject.toml README.md LICENSE /src/
COPY docs/reference/findings.md /src/docs/reference/
COPY src /src/src
RUN pip install --no-cache-dir --no-compile --prefix=/install --no-deps --no-build-isolation /src
COPY scripts/bake_bytecode.py /src/scripts/
# hyperscan is for large scans: no command of the action uses it, and `keyturn scan` does without.
RUN rm -r /install/lib/python3.13/site-packages/hyperscan* \
    && python -I /src/scripts/bake_bytecode.py /install

FROM base
ARG VERSION=main
ARG REVISION=unknown
LABEL org.opencontainers.image.title="keyturn" \
      org.opencontainers.image.description="Says which CI token breaks which job, and when, before it happens" \
      org.opencontainers.image.source="https://github.com/keyturn/keyturn" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /install /usr/local
# -I: neither the workspace nor a PYTHONPATH that the job's `env:` sets can bring in code; it leaves
# PYTHONUNBUFFERED unread too, hence -u.
ENTRYPOINT ["python", "-I", "-u", "-m", "keyturn"]
