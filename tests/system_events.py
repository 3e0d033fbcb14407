"""The events that each part of the library may cause without a member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from socialcollab.workflow import events as ev

SYSTEM_EVENTS: Final[Mapping[str, frozenset[str]]] = {
    "publisher": frozenset(
        event.TYPE
        for event in (
            ev.DeliveryStarted,
            ev.DeliveryProgressed,
            ev.SendStarted,
            ev.DeliveryPublished,
            ev.DeliveryFailed,
            ev.DeliveryUnknown,
            ev.DeliveryDeferred,
            ev.DeliveryMissed,
            ev.DeliveryCancelled,
            ev.PartPublished,
            ev.DeliveryPublishedAgain,
            ev.LookupInconclusive,
            ev.DeliveryRechecked,
            ev.TakedownDeferred,
            ev.TakedownAbandoned,
            ev.DeliveryTakenDown,
            ev.AmendStarted,
            ev.DeliveryAmended,
            ev.AmendDeferred,
            ev.AmendRejected,
            ev.BudgetLimited,
            ev.BudgetPaced,
            ev.HoldPlaced,
        )
    ),
    "timer": frozenset(
        event.TYPE
        for event in (
            ev.PostExpired,
            ev.PostReevaluated,
            ev.DecisionsOutdated,
            ev.StepReminded,
            ev.StepEscalated,
            ev.StepOverdue,
            ev.DeliveryRescheduled,
            ev.DigestClosed,
            ev.RuntimeStateReevaluated,
            ev.MediaDeleted,
        )
    )
    | {"organization.reevaluated"},
    "rules": frozenset(
        event.TYPE
        for event in (
            ev.PostApproved,
            ev.PostScheduled,
            ev.PostExpired,
            ev.DeliveryPlanned,
            ev.DeliveryMissed,
            ev.DeliveryCancelled,
            ev.SlotTaken,
            ev.NotificationsQueued,
            ev.DigestAdded,
        )
    ),
}
