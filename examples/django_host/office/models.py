"""The office's own table beside the journal: who asked for a post, and in which ticket."""

from django.conf import settings
from django.db import models


class Brief(models.Model):
    """What a post was asked for with; stored in the transaction that drafts the post."""

    post = models.CharField(max_length=64, unique=True)
    ticket = models.CharField(max_length=20, unique=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return self.ticket
