"""All settings, from the environment. A mistake stops the start with a sentence that says what to write.

PERFMGR_ENV names the shape: `embedded` (`manage.py up`, the default), `production`, or `test`.
"""

import os
import tempfile
from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from perfmgr.launch.postgres import Postgres
from perfmgr.launch.valkey import Valkey

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(env.str("PERFMGR_VAR", str(BASE_DIR / "var")))

SHAPE = env.str("PERFMGR_ENV", "embedded")
if SHAPE not in {"embedded", "production", "test"}:
    raise ImproperlyConfigured(f"PERFMGR_ENV is {SHAPE!r}: write embedded, production or test.")
PRODUCTION = SHAPE == "production"


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name, str(default)).lower()
    if value not in {"true", "false"}:
        raise ImproperlyConfigured(f"{name} is {value!r}: write true or false.")
    return value == "true"


def secret_key() -> str:
    """SECRET_KEY, or the key that `manage.py up` keeps in `var/`; in production only a long one of your own."""
    key = env.str("SECRET_KEY", "")
    kept = VAR / "secret_key"
    if not key and not PRODUCTION:
        return kept.read_text() if kept.exists() else "only-for-commands-before-the-first-start-" * 2
    if len(key) < 50 or len(set(key)) < 10:
        raise ImproperlyConfigured(
            "SECRET_KEY must be at least 50 random characters: "
            'python3 -c "import secrets; print(secrets.token_urlsafe(64))" makes one.'
        )
    return key


# --- the shape ------------------------------------------------------------------------------------------------------

SECRET_KEY = secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = env_bool("DEBUG", False)
DEMO = env_bool("PERFMGR_DEMO", SHAPE == "embedded")
if PRODUCTION and (DEMO or DEBUG):
    raise ImproperlyConfigured("PERFMGR_DEMO and DEBUG must be false in production: the demo's passwords are public.")
DEMO_PASSWORD = "perfmgr-demo"  # of the demo's log-ins; it opens nothing where DEMO is false
HTTPS = env_bool("PERFMGR_HTTPS", PRODUCTION)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
if PRODUCTION and (not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS):
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts that perfmgr answers to, such as perf.example.org.")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("PERFMGR_URL", "http://127.0.0.1:8000")
# "Today" for all pages and jobs where a user chose no other day: YYYY-MM-DD; empty means the real one.
AS_OF = env.str("PERFMGR_AS_OF", "")

INSTALLED_APPS = [
    "organization",
    "jobs",
    "doors",
    "datasets",
    "kpis",
    "alerts",
    "studies",
    "slas",
    "vendors",
    "dashboards",
    "perfmgr.apps.PerfmgrConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "django_celery_beat",
    "csp",
    "django_structlog",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "doors.middleware.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "doors.middleware.DoorMiddleware",
    "organization.middleware.AccessMiddleware",
]

ROOT_URLCONF = "perfmgr.urls"
WSGI_APPLICATION = "perfmgr.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "doors.context.furniture",
                "dashboards.navigation.navigation",
            ]
        },
    }
]

# --- database, queue, cache -----------------------------------------------------------------------------------------

if PRODUCTION and (missing := [name for name in ("DATABASE_URL", "REDIS_URL") if not env.str(name, "")]):
    raise ImproperlyConfigured(
        f"{' and '.join(missing)} must be set in production, such as postgres://user:password@host:5432/perfmgr and "
        "redis://:password@host:6379."
    )
DATABASES = {"default": env.db_url("DATABASE_URL", default=Postgres(VAR / "pg").url)}
DATABASES["default"].update(
    CONN_MAX_AGE=60,
    CONN_HEALTH_CHECKS=True,
    ATOMIC_REQUESTS=False,
)
DATABASES["default"].setdefault("OPTIONS", {})["options"] = env.str(
    "DATABASE_OPTIONS", "-c lock_timeout=10s -c idle_in_transaction_session_timeout=120s -c timezone=UTC"
)

REDIS_URL = env.str("REDIS_URL", Valkey(VAR / "valkey").url)
IS_SOCKET = REDIS_URL.startswith("unix://")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"{REDIS_URL}?db=1" if IS_SOCKET else f"{REDIS_URL.rstrip('/')}/1",
        "KEY_PREFIX": "perfmgr",
        "OPTIONS": {"socket_connect_timeout": 5, "socket_timeout": 5},
    }
}
CELERY_BROKER_URL = f"redis+socket://{REDIS_URL.removeprefix('unix://')}" if IS_SOCKET else REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 1800
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": env.int("PERFMGR_VISIBILITY_TIMEOUT", 3600),
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 5,
    "socket_timeout": 5,  # one that hangs is as good as one that is away: whoever asks for work does not wait for it
    "health_check_interval": 25,
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# A job whose worker has not been heard of for so long is done by another; four heartbeats fit in.
JOB_LEASE_SECONDS = env.float("PERFMGR_JOB_LEASE_SECONDS", 60)
JOB_RESEND_SECONDS = env.float("PERFMGR_JOB_RESEND_SECONDS", 5)
CELERY_TIMEZONE = "UTC"

# --- the lake and uploads -------------------------------------------------------------------------------------------

LAKE_ROOT = Path(env.str("PERFMGR_LAKE", str(VAR / "lake")))
UPLOAD_ROOT = Path(env.str("PERFMGR_UPLOADS", str(VAR / "uploads")))
MEDIA_ROOT = VAR / "media"
# Where the end of the audit trail is noted outside the database; best on another disk.
AUDIT_ANCHOR = env.str("PERFMGR_AUDIT_ANCHOR", str(VAR / "audit-anchor"))
UPLOAD_LIMIT_BYTES = env.int("PERFMGR_UPLOAD_LIMIT_BYTES", 200 * 2**20)
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_NUMBER_FILES = 5
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000  # the targets grid and the contract editor send a field a cell

# --- people ---------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "organization.User"
AUTHENTICATION_BACKENDS = ["organization.accounts.NoPublicPassword"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "organization.accounts.ClosedAccountAdapter"  # members are invited; nobody signs up
ACCOUNT_RATE_LIMITS = {"login_failed": "5/m/key,20/m/ip", "reset_password": "3/h/key,20/h/ip"}
ACCOUNT_LOGOUT_ON_GET = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "organization.accounts.NotTheDemos"},
]
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "doors.errors.csrf_failure"
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://" if not PRODUCTION else "smtp://localhost:25")
vars().update(EMAIL_CONFIG)

if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    if env_bool("PERFMGR_BEHIND_PROXY", False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- pages, static files, API ---------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "organization.authentication.TokenAuthentication",
        "organization.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["doors.permissions.DenyUnlessAllowed"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["doors.parsers.StrictJSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_PAGINATION_CLASS": "doors.pagination.CursorPages",
    "DEFAULT_FILTER_BACKENDS": ["doors.filters.FiltersByName"],
    "DEFAULT_THROTTLE_CLASSES": ["doors.throttles.TokenThrottle"],
    "DEFAULT_THROTTLE_RATES": {"token": "600/min", "upload": "60/min", "preview": "120/min", "analysis": "120/min"},
    "DEFAULT_SCHEMA_CLASS": "doors.schema.DescribedSchema",
    "EXCEPTION_HANDLER": "doors.problems.handler",
    "URL_FORMAT_OVERRIDE": None,  # ?format= is an unknown parameter like any other
    "NUM_PROXIES": env.int("PERFMGR_PROXIES", 0),
    "PAGE_SIZE": 100,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "perfmgr",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": (BASE_DIR / "docs" / "api.md").read_text(encoding="utf-8"),
    "SERVE_INCLUDE_SCHEMA": False,
    "GET_LIB_DOC_EXCLUDES": "doors.schema.undescribed",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "doors.shapes.with_shapes",
        "doors.schema.without_empty_defaults",
        "doors.schema.token_first",
    ],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"docExpansion": "none", "filter": True, "deepLinking": True},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "JobState": "jobs.models.Job.State",
        "UnitKind": "organization.models.Unit.Kind",
        "FiscalKind": "organization.models.FiscalCalendar.Kind",
        "KpiKind": "kpis.models.KpiVersion.Kind",
        "NodeKind": "kpis.models.ScorecardNode.Kind",
        "LinkKind": "kpis.models.KpiLink.Kind",
        "AlertComparator": "alerts.models.AlertRule.Comparator",
        "TargetComparator": "kpis.models.targets.Comparator",
        "ClosingState": "datasets.models.Closing.State",
        "QualityRuleKind": "datasets.models.QualityRule.Kind",
        "KpiDirection": "kpis.models.KpiVersion.Direction",
        "Grain": "kpis.models.KpiVersion.Grain",
        "NodeMissing": "kpis.models.ScorecardNode.Missing",
        "AgreementKind": "slas.models.Agreement.Kind",
        "ExclusionKind": "slas.models.Exclusion.Kind",
        "ClockSource": "slas.models.ClockRule.Source",
        "Cadence": "vendors.models.Vendor.Cadence",
        "CriterionSource": "vendors.models.Criterion.Source",
        "CriterionDirection": "vendors.models.Criterion.Direction",
        "VendorNoteKind": "vendors.models.ActionNote.Kind",
        "TemplateMissing": "vendors.models.TemplateVersion.Missing",
    },
}

# Hosts that webhooks may call although they are not on the public internet: names as in the webhook's address.
WEBHOOK_HOSTS = frozenset(name.lower() for name in env.list("WEBHOOK_HOSTS", default=[]))
# Whether webhooks may call this machine itself: tests only.
WEBHOOK_ALLOW_LOOPBACK = False

# --- logs -----------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "perfmgr.logs.JsonFormatter"}, "plain": {"()": "perfmgr.logs.PlainFormatter"}},
    "filters": {"refusals": {"()": "perfmgr.logs.RefusalsAreShort"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if PRODUCTION else "plain",
            "filters": ["refusals"],
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO" if PRODUCTION else "WARNING")},
}

if SHAPE == "test":
    scratch = Path(os.environ.get("PERFMGR_TEST_SCRATCH", tempfile.gettempdir()))
    LAKE_ROOT, UPLOAD_ROOT, MEDIA_ROOT = scratch / "lake", scratch / "uploads", scratch / "media"
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    ACCOUNT_RATE_LIMITS = False
    AUDIT_ANCHOR = ""  # a test's trail starts anew
    WHITENOISE_AUTOREFRESH = True  # a file is looked for when it is asked for: each test's client would list them all
