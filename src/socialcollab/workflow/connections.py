"""Connections of profiles to their accounts: who connected which account, and until when."""

from __future__ import annotations

import datetime as dt
from typing import Final

import attrs

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.identifiers import MemberId, ProfileId
from socialcollab.time import as_utc
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide import not_visible, verdict_on
from socialcollab.workflow.decide.refusals import no_such
from socialcollab.workflow.model.actor import Actor

_WARNED_BEFORE: Final = dt.timedelta(days=7)


@attrs.frozen(kw_only=True)
class Connection:
    """
    The connection of a profile to its account, without any secret.

    Attributes:
        profile: The profile.
        account: The name of the account on the network.
        scopes: The scopes that the owner of the account has granted.
        by: The member who connected the account.
        at: When the account was connected, in UTC.
        expires_at: When the connection expires, in UTC; None if it does not, or if it is renewed.
        announced: Whether members were warned that the connection expires.
        ended_at: When a member disconnected the account, in UTC; None if it is connected.
    """

    profile: ProfileId
    account: str
    scopes: tuple[str, ...] = ()
    by: MemberId
    at: dt.datetime
    expires_at: dt.datetime | None = None
    announced: bool = False
    ended_at: dt.datetime | None = None

    @property
    def announce_at(self) -> dt.datetime | None:
        """
        When members must be warned that the connection expires, or None.

        This is seven days before, or after half the time of a connection of less than 14 days.
        """
        if self.expires_at is None or self.announced or self.ended_at is not None:
            return None
        halfway = self.at + (self.expires_at - self.at) / 2
        return max(self.expires_at - _WARNED_BEFORE, halfway)


def evolve_connection(
    connection: Connection | None, data: ev.EventData, *, actor: Actor, at: dt.datetime
) -> Connection:
    """
    Return the connection of a profile after an event.

    Raises:
        InvalidValueError: If the event does not change a connection.
    """
    if isinstance(data, ev.ProfileConnected):
        return Connection(
            profile=data.profile,
            account=data.account,
            scopes=data.scopes,
            by=MemberId(actor.name),
            at=at,
            expires_at=data.expires_at,
        )
    if connection is not None and isinstance(data, ev.ProfileDisconnected):
        return attrs.evolve(connection, ended_at=at)
    if connection is not None and isinstance(data, ev.ExpiryAnnounced):
        return attrs.evolve(connection, announced=True)
    raise InvalidValueError(f"`{data.TYPE}` does not change this connection", value=data.TYPE)


def decide_connection(
    connection: Connection | None, command: cm.ConnectionCommand, context: Context
) -> tuple[ev.Event, ...]:
    """
    Return the events that a command on the connection of a profile causes.

    A new connection also ends the hold that the publisher has placed because the network refused the
    credentials.

    Args:
        connection: The connection, or None if the profile has never been connected.
        command: The command.
        context: The current rules.

    Raises:
        NotFoundError: If the profile does not exist or is not visible to the actor, or if there is
            no connection that could be ended.
        NotAllowedError: If the actor does not have `connect` on the profile.
        InvalidValueError: If the account is empty, or if the connection has already expired.
    """
    profile = command.profile
    if profile not in context.profiles:
        raise no_such("profile", profile, context.profiles, context)
    verdict = verdict_on("connect", (profile,), context)
    if not_visible(verdict):
        raise no_such("profile", profile, context.profiles, context)
    if not verdict:
        raise NotAllowedError(verdict)
    stream = ev.connection_stream(profile)
    if isinstance(command, cm.Disconnect):
        if connection is None or connection.ended_at is not None:
            raise NotFoundError("connection", profile)
        ended = ev.ProfileDisconnected(profile=ProfileId(profile))
        return (ev.Event(stream, context.actor, ended),)
    if not command.account.strip():
        raise InvalidValueError(
            f"the connection of `{profile}` needs the name of its account",
            value=command.account,
            expected="account = the name of the account on the network",
        )
    expires_at = None if command.expires_at is None else as_utc(command.expires_at)
    if expires_at is not None and expires_at <= context.now:
        raise InvalidValueError(
            f"the connection of `{profile}` expired at `{expires_at.isoformat()}`",
            value=expires_at,
            expected="an instant in the future, or None",
        )
    connected = ev.ProfileConnected(
        profile=ProfileId(profile),
        account=command.account.strip(),
        scopes=command.scopes,
        expires_at=expires_at,
    )
    return (ev.Event(stream, context.actor, connected), *_release(profile, context))


def _release(profile: str, context: Context) -> tuple[ev.Event, ...]:
    """End the hold that the publisher has placed on a profile; holds of members stay in force."""
    return tuple(
        ev.Event("holds", Actor.PUBLISHER, ev.HoldEnded(hold=hold.id))
        for hold in context.holds
        if hold.by == str(Actor.PUBLISHER) and hold.on.profile == (profile,)
    )


def announce_expiry(connection: Connection, context: Context) -> tuple[ev.Event, ...]:
    """Return the event that warns of the expiry of a connection, if that is due."""
    due_at, expires_at = connection.announce_at, connection.expires_at
    if due_at is None or expires_at is None or due_at > context.now:
        return ()
    announced = ev.ExpiryAnnounced(
        profile=connection.profile, account=connection.account, expires_at=expires_at
    )
    return (ev.Event(ev.connection_stream(connection.profile), Actor.TIMER, announced),)
