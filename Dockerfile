# perfmgr for production: the same code base, its packages pinned and hashed, no server inside.
FROM python:3.11-slim-bookworm AS packages
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app perfmgr && install -d -o perfmgr /data /app
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    PERFMGR_BOOTSTRAP=off PERFMGR_ENV=production PERFMGR_VAR=/data DJANGO_SETTINGS_MODULE=perfmgr.settings
COPY --from=packages /venv /venv
WORKDIR /app
COPY --chown=perfmgr . .
USER perfmgr
# The manifest needs settings that start; the key is thrown away with this layer's process.
RUN SECRET_KEY=$(python -c "import secrets; print(secrets.token_urlsafe(64))") ALLOWED_HOSTS=build \
    DATABASE_URL=postgres://build REDIS_URL=redis://build python manage.py collectstatic --noinput --verbosity 0
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"
CMD ["gunicorn", "perfmgr.wsgi", "--worker-class", "perfmgr.web_worker.WebWorker", \
     "--bind", "0.0.0.0:8000", "--workers", "3", "--threads", "4", "--timeout", "60", \
     "--graceful-timeout", "60", "--max-requests", "2000", "--max-requests-jitter", "200", "--worker-tmp-dir", "/dev/shm", \
     "--no-control-socket"]
