# The action's image. GitHub mounts the workspace for root, so there is no USER, and sets the
# working directory itself, so there is no WORKDIR.
FROM python:3.13-slim AS build
COPY requirements.lock /tmp/requirements.lock
RUN pip install --no-cache-dir --no-compile --prefix=/install --require-hashes \
        -r /tmp/requirements.lock
COPY pyproject.toml README.md LICENSE /src/
COPY docs/reference/findings.md /src/docs/reference/
COPY src /src/src
RUN pip install --no-cache-dir --no-compile --prefix=/install --no-deps /src

FROM python:3.13-slim
COPY --from=build /install /usr/local
# Bytecode is baked in: the container is new at every run and would compile everything each time.
RUN python -m compileall -q /usr/local/lib/python3.13/site-packages
# -I: neither the workspace nor a PYTHONPATH that the job's `env:` sets can bring in code; it leaves
# PYTHONUNBUFFERED unread too, hence -u.
ENTRYPOINT ["python", "-I", "-u", "-m", "keyturn"]
