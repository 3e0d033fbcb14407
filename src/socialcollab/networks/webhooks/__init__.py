"""Receive webhooks: authenticate a delivery, refuse old and repeated ones, and read its messages."""

from socialcollab.networks.webhooks.delivery import Delivery, OtherEvent
from socialcollab.networks.webhooks.meta import MetaWebhook
from socialcollab.networks.webhooks.x import XWebhook

__all__ = ["Delivery", "MetaWebhook", "OtherEvent", "XWebhook"]
