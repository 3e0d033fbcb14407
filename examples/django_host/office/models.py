"""The office's own tables beside the journal: tickets that asked for posts, and money behind them."""

from django.conf import settings
from django.db import models


class Brief(models.Model):
    """What a post was asked for with; stored in the transaction that drafts the post."""

    post = models.CharField(max_length=64, unique=True)
    ticket = models.CharField(max_length=20, unique=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return self.ticket


class Boost(models.Model):
    """Money put behind a post: an act of the office's own, under a permission of its own."""

    post = models.CharField(max_length=64)
    euros = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return f"{self.euros} euros behind {self.post}"
