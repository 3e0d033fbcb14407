"""Messages in Dutch."""

from __future__ import annotations

from typing import Final

__all__ = ["MESSAGES"]

MESSAGES: Final[dict[str, str]] = {
    # verdicts
    "verdict.yes": "toegestaan",
    "verdict.no": "geweigerd",
    "verdict.default_deny": "niets staat het toe",
    "verdict.would_help": "wat zou helpen: {remedies}",
    "remedy.by": "{remedy} (kan gedaan worden door: {by})",
    "not_a_member": "`{member}` is geen lid",
    # permissions
    "suspended": "de rechten van `{member}` zijn geschorst",
    "forbid": "`{member}` mag niet `{permission}` op `{where}` volgens {line} ({reason})",
    "grant.member": "`{member}` heeft `{gives}` op `{where}` volgens {line}",
    "grant.team": "`{member}` heeft `{gives}` op `{where}` via team `{team}` volgens {line}",
    "end_forbid": "beëindig het verbod in {line}",
    "wait": "wacht tot {start}, wanneer {line} ingaat",
    "join_team": "neem `{member}` op in team `{team}`",
    "grant_role": "geef `{member}` de rol `{role}` op `{where}`",
    "grant_permission": "geef `{member}` het recht `{permission}` op `{where}`",
    # workflow
    "no_place": "er is geen plaats genoemd",
    "wrong_state": "bericht `{post}` is {state}, en `{command}` vraagt een bericht dat {allowed} is",
    "nothing_changed": "er zou niets veranderen aan bericht `{post}`",
    "delivery_in_doubt": "bericht `{post}` is {state} op `{profile}`, dus `{command}` moet wachten tot dat bekend is",
    "other_workspace": "`{profile}` hoort bij werkruimte `{theirs}`, niet bij `{workspace}`",
    "no_targets": "bericht `{post}` gaat nog naar geen enkel profiel",
    "no_slot": "`{profile}` heeft geen vrij tijdvak",
    "time_passed": "het tijdstip van bericht `{post}` op `{profile}`, {at}, is voorbij",
    "no_time": "niemand heeft gezegd wanneer bericht `{post}` naar `{profile}` gaat",
    "move_post": "geef bericht `{post}` een ander tijdstip",
    "use_move": "bericht `{post}` is goedgekeurd: het tijdstip verandert met `move`",
    "own_work": "`{member}` schreef aan bericht `{post}`, en niemand beslist over eigen werk",
    "voted_already": "`{member}` heeft al ja gezegd bij stap `{step}`",
    "step_not_open": "stap `{step}` vraagt `{member}`, maar is nog niet aan de beurt",
    "not_asked": "stap `{step}` vraagt `{member}` niet; wel: {asked}",
    "nothing_to_decide": "over bericht `{post}` valt niets meer te beslissen",
    "no_step_due": "geen beleid vraagt iemand om bericht `{post}`",
    "all_steps_passed": "elke stap van bericht `{post}` is gezet",
    "step_open": "stap `{step}` heeft {got} van {need} goedkeuringen",
    "vote": "een goedkeuring van stap `{step}`",
    "policy_changed": "beleid `{policy}` is veranderd sinds het werd toegepast",
    "nothing_waits": "niets van bericht `{post}` wacht op vertrek",
    "no_such_target": "bericht `{post}` gaat niet naar `{profile}`",
    "all_published": "bericht `{post}` staat al op elk profiel",
    "not_approved": "bericht `{post}` is {state}, niet goedgekeurd",
    "differs": "bericht `{post}` wijkt af van wat gepland was in: {fields}",
    "holds_nothing": "geen profiel wordt bedoeld met: {on}",
    "hold": "`{profile}` staat stil sinds {since} door {by}",
    "blackout": "{at} op `{profile}` valt in een stilteperiode: {reason}",
}
