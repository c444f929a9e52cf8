# The four controllers and the command line in one image. From the root of the repository:
#   docker build -t registry.example.com/team/flagger-py:0.1.0 .

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/flagger-py
COPY pyproject.toml constraints.txt README.md LICENSE /src/
COPY flagger_py /src/flagger_py
COPY metrics /src/metrics
COPY routing /src/routing
COPY gating /src/gating
COPY rollout /src/rollout
COPY cli /src/cli
RUN /opt/flagger-py/bin/pip install --constraint /src/constraints.txt "/src[runtime]" /src/metrics /src/routing /src/gating /src/rollout /src/cli

FROM python:3.11-slim
COPY --from=build /opt/flagger-py /opt/flagger-py
# Nothing is written outside of /tmp: the root file system may be read-only.
ENV PATH=/opt/flagger-py/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
WORKDIR /tmp
USER 65534:65534
ENTRYPOINT ["flagger-py"]
