# One image for all of our services; docker-compose.yml says which of them does what.
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/webtoonbot
# Only what we depend on: there are no packages of our own yet, and so this layer is kept until
# one of these files changes.
COPY pyproject.toml constraints.txt README.md LICENSE ./
RUN /opt/webtoonbot/bin/pip install -c constraints.txt .
COPY bot bot
COPY recommender recommender
COPY crawler crawler
COPY tasks tasks
COPY db db
RUN /opt/webtoonbot/bin/pip install --no-deps --force-reinstall . \
 && /opt/webtoonbot/bin/pip check

FROM python:3.11.14-slim-bookworm
# A new volume takes over from these folders whose it is. (VOLUME would make one for each service,
# also for those that need none.)
RUN groupadd --gid 10001 webtoonbot \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin webtoonbot \
 && install -d -o webtoonbot -g webtoonbot /data /data/models /data/backups
COPY --from=build /opt/webtoonbot /opt/webtoonbot
ENV PATH=/opt/webtoonbot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LANG=C.UTF-8 \
    MODEL_DIR=/data/models \
    BACKUP_DIR=/data/backups
WORKDIR /data
USER 10001:10001
CMD ["webtoonctl", "--help"]
