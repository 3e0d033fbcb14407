"""The application's own tables: tickets that request posts, and advertising expenses."""

from django.conf import settings
from django.db import models


class Brief(models.Model):
    """A ticket that requests a post, which is stored in the transaction that drafts the post."""

    post = models.CharField(max_length=64, unique=True)
    ticket = models.CharField(max_length=20, unique=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return self.ticket


class Boost(models.Model):
    """Money spent on promoting a post, which requires a custom permission of the application."""

    post = models.CharField(max_length=64)
    euros = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return f"{self.euros} euros for {self.post}"
