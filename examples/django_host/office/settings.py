"""Settings of a small back office; what the desk needs of them is said where it is."""

import os
from pathlib import Path

HOME = Path(os.environ.get("OFFICE_HOME", Path(__file__).resolve().parents[1]))
BASE = Path(__file__).resolve().parents[1]

DEBUG = os.environ.get("OFFICE_DEBUG") == "1"
SECRET_KEY = os.environ.get("OFFICE_SECRET", "only for this example, and for nobody else")
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
    "office.refusals.Refusals",
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
        # A request is one transaction: what it does to the office's tables and at the desk
        # stands or falls together.
        "ATOMIC_REQUESTS": True,
        # A connection that lasts keeps its desk, and what that has read of the rules.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # Wait for the lock at the beginning, and not fail on it in the middle.
            "transaction_mode": "IMMEDIATE",
            # What the desk says is stored has to outlive a power cut.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }
}
# Django asks each in turn, and one yes is enough.
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "office.backends.DeskBackend",
]
# The plan's clock; the machine's unless a rehearsal or a test sets one.
DESK_CLOCK = None

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "to_do"
LOGOUT_REDIRECT_URL = "login"
