"""The one settings file. What differs between machines comes from the environment; docs/settings.md lists it all."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from fangxian.config import env, keys

ROOT = Path(__file__).resolve().parents[3]

# --- where and how it runs -------------------------------------------------------------------------------------------

ENV = env.choice(
    "FANGXIAN_ENV",
    "embedded",
    ("embedded", "test", "production"),
    "embedded: one machine, keys made on first start; production: keys, hosts and HTTPS are demanded; test: the suite",
)
PRODUCTION = ENV == "production"
DEBUG = env.flag("FANGXIAN_DEBUG", False, "Django's debug pages; refused in production")
if DEBUG and PRODUCTION:
    raise ImproperlyConfigured("FANGXIAN_DEBUG cannot be on in production.")

DATA_DIR = Path(env.text("FANGXIAN_DATA", str(ROOT / "var"), "directory of db.sqlite3, files and keys")).resolve()
BUILD_DIR = ROOT / "build"
FILES_DIR = DATA_DIR / "files"
PROBE_URL = env.text(
    "FANGXIAN_PROBE",
    "http://127.0.0.1:8000/health/",
    "page that the worker asks each minute whether reports can come in",
)
# Heartbeats of these channels tell our own outage from somebody's omission.
CHANNELS = ["field", "console"]
PLAYBOOKS_DIR = Path(env.text("FANGXIAN_PLAYBOOKS", str(ROOT / "playbooks"), "directory of the playbooks")).resolve()
# Each module registers the schema of its package's sections of a playbook; faults are reported in this order.
PLAYBOOK_SECTIONS = [
    "fangxian.duties.sections",
    "fangxian.screening.playbook",
    "fangxian.hygiene.playbook",
    "fangxian.gates.playbook",
    "fangxian.masks.playbook",
    "fangxian.inspections.playbook",
    "fangxian.workplaces.playbook",
]
# Lists of public areas name their types by the words of the playbook; the register does not know who keeps it.
IMPORT_AREA_TYPES = "fangxian.hygiene.vocabulary.area_type_words"

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
ALLOWED_HOSTS = env.words(
    "FANGXIAN_HOSTS", () if PRODUCTION else LOCAL_HOSTS, "host names that this server answers to, with commas between"
)
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("FANGXIAN_HOSTS must name the hosts of this server in production.")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if host not in LOCAL_HOSTS]

# --- keys ------------------------------------------------------------------------------------------------------------

_secret = env.text("FANGXIAN_SECRET_KEY", "", "signs sessions and tokens; at least 50 characters; production only")
_field = env.text("FANGXIAN_FIELD_KEYS", "", "seal sensitive fields: 2:BASE64,1:BASE64, the current key first")
_blind = env.text("FANGXIAN_BLIND_KEYS", "", "blind indexes for look-ups: 2:BASE64,1:BASE64, the current key first")
_keys = (
    keys.from_environment(_secret, _field, _blind)
    if PRODUCTION or _secret or _field or _blind
    else keys.from_file(DATA_DIR / "keys")
)
SECRET_KEY = _keys.secret
FIELD_KEYS = _keys.field
BLIND_KEYS = _keys.blind

# --- database --------------------------------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.database(
        env.text(
            "DATABASE_URL", "", "postgres://user:password@host:port/name?schema=name; empty: SQLite in the data dir"
        ),
        DATA_DIR / "db.sqlite3",
    )
}
if not DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # A file and not memory: threads and the journeys' server process open connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "db.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- program ---------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "fangxian.console",
    "fangxian.resident",
    "fangxian.intake",
    "fangxian.worker",
    "fangxian.demo",
    "fangxian.command",
    "fangxian.workplaces",
    "fangxian.screening",
    "fangxian.inspections",
    "fangxian.gates",
    "fangxian.masks",
    "fangxian.hygiene",
    "fangxian.stock",
    "fangxian.rota",
    "fangxian.notices",
    "fangxian.duties",
    "fangxian.registry",
    "fangxian.accounts",
    "fangxian.places",
    "fangxian.audit",
    "fangxian.files",
    "fangxian.shared",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "fangxian.config.headers.extra_headers",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "fangxian.config.sessions.keep_while_used",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Last, as its documentation asks: it turns a lockout during the view into the answer.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "fangxian.config.urls"
WSGI_APPLICATION = "fangxian.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- people ----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.Staff"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "account:sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account:sign-in"

# Memory-hard and in the standard library. The suite makes accounts by the hundred and takes a quick one.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
    if ENV == "test"
    else "django.contrib.auth.hashers.ScryptPasswordHasher"
]
_validation = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"{_validation}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_validation}.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ("username", "name")}},
    {"NAME": f"{_validation}.CommonPasswordValidator"},
    {"NAME": f"{_validation}.NumericPasswordValidator"},
]

# Five failures of one name from one address lock that pair, so that a stranger cannot lock a colleague out elsewhere.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "console/lockout.html"
AXES_HTTP_RESPONSE_CODE = 429
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_VERBOSE = False

OTP_TOTP_ISSUER = "Fangxian"

# Since the last act (config.sessions); the greatest age of a session stands in console.view.
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_COOKIE_NAME = "fangxian_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = False
CSRF_COOKIE_NAME = "fangxian_csrf"
CSRF_FAILURE_VIEW = "fangxian.console.errors.csrf_failure"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_NAME = "fangxian_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True

# --- the browser -----------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        # blob: is the photo just taken, shown before it is sent.
        "img-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

HTTPS = env.flag("FANGXIAN_HTTPS", PRODUCTION, "people reach this server by https: cookies and redirects insist on it")
if PRODUCTION and not HTTPS:
    raise ImproperlyConfigured("FANGXIAN_HTTPS cannot be off in production.")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# The browsers' preload list is for the owner of a whole domain to ask for.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
if env.flag("FANGXIAN_BEHIND_PROXY", False, "a proxy that sets X-Forwarded-Proto itself stands in front"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

# --- static files ----------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BUILD_DIR / "collected"
# Browser libraries that script/setup copied out of npm packages.
STATICFILES_DIRS = [path for path in (BUILD_DIR / "static",) if path.is_dir()]
_plain_static = DEBUG or ENV == "test"
WHITENOISE_USE_FINDERS = _plain_static
WHITENOISE_AUTOREFRESH = _plain_static
STORAGES = {
    # Uploads go through fangxian.files, which seals them; nothing uses Django's own storage, but it must have a home.
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": FILES_DIR}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if _plain_static
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- language and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
# Each in its own words: whoever looks for a language must be able to read its name.
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English"), ("ja", "日本語"), ("ko", "한국어")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# --- logs ------------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "logging.Formatter" if DEBUG else "fangxian.config.logs.FrameFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["stderr"],
        "level": env.text("FANGXIAN_LOG_LEVEL", "INFO", "lowest level that is written to stderr"),
    },
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # axes writes the user name and the address of every failure; the attempts are rows already.
        "axes": {"handlers": [], "level": "CRITICAL", "propagate": False},
        "django.db.backends": {"level": "WARNING"},
    },
}
