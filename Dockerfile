# The gateway. It listens on all addresses of the container, so it starts only with a key of its own:
#   docker build -t tokentape .
#   docker run -p 8420:8420 -e GATEWAY_KEY=... -v tapes:/data tokentape
# Another configuration: -v "$PWD/gateway.toml:/etc/tokentape/gateway.toml:ro", and the variables it names.
FROM python:3.13-slim

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN pip install --no-cache-dir '.[gateway]' \
    && useradd --create-home --uid 1000 tokentape \
    && mkdir -p /data /etc/tokentape \
    && chown tokentape /data
COPY docker/gateway.toml /etc/tokentape/gateway.toml

USER tokentape
WORKDIR /data
ENV TOKENTAPE_CONFIG=/etc/tokentape/gateway.toml TOKENTAPE_HOST=0.0.0.0 TOKENTAPE_PORT=8420
VOLUME /data
EXPOSE 8420
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8420/ready', timeout=2)"]
ENTRYPOINT ["tokentape", "serve"]
