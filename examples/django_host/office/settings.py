"""Settings of a small back-office application. The comments explain the settings for the desk."""

import os
from pathlib import Path

HOME = Path(os.environ.get("OFFICE_HOME", Path(__file__).resolve().parents[1]))
BASE = Path(__file__).resolve().parents[1]

DEBUG = os.environ.get("OFFICE_DEBUG") == "1"
SECRET_KEY = os.environ.get("OFFICE_SECRET", "only for this example")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
ROOT_URLCONF = "office.urls"
USE_TZ = True
TIME_ZONE = "UTC"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "office",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "office.error_pages.ErrorPages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME / "office.sqlite3",
        # Each request is one transaction: the application's rows and the desk's events are either
        # all stored or all rolled back.
        "ATOMIC_REQUESTS": True,
        # Keep the connection open, so that its desk can keep the rules in memory.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # Wait for the write lock when the transaction begins, instead of failing later.
            "transaction_mode": "IMMEDIATE",
            # Changes that the desk reported as stored must survive a power failure.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }
}
# Django calls each backend in turn. A permission is granted if one of them returns True.
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "office.backends.DeskBackend",
]
# The desk's clock: None for the system clock, or a function in tests.
DESK_CLOCK = None

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "to_do"
LOGOUT_REDIRECT_URL = "login"
