"""The application's own tables: tickets that asked for posts, and advertising budgets."""

from django.conf import settings
from django.db import models


class Brief(models.Model):
    """The ticket that asked for a post; stored in the transaction that drafts the post."""

    post = models.CharField(max_length=64, unique=True)
    ticket = models.CharField(max_length=20, unique=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return self.ticket


class Boost(models.Model):
    """Money spent on advertising a post, which a permission of the application's own allows."""

    post = models.CharField(max_length=64)
    euros = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return f"{self.euros} euros for {self.post}"
