"""Why did this contact go there, and who else was there: for whoever may see the contact, agents by public number."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from contactcenter.api import rendering
from contactcenter.api import shapes_explanation as s
from contactcenter.api.handlers.contacts import explanation as sentences
from contactcenter.api.handlers.contacts import found_contact
from contactcenter.api.route import Call
from contactcenter.api.services import Services
from contactcenter.clock import SECOND, Micros, to_micros
from contactcenter.domain.customer import tier_name
from contactcenter.errors import Invalid
from contactcenter.services.explaining import Moment
from contactcenter.services.explanation import Explanation
from contactcenter.services.moments import MomentWords
from contactcenter.services.privacy import mask_text, may_see_contact
from contactcenter.services.seats import public_number
from routing.explain import Explained


async def explanation(services: Services, call: Call[s.ExplanationQuery, None]) -> s.ExplanationOut:
    """Decided again from the log: some seconds of work where the nearest snapshot is far."""
    view = await found_contact(services, call)
    at = instant_of(call.query.at) if call.query.at else None
    facts = await services.reads.facts_of_contact(call.scope, view.id)
    if at is None:
        moments = await services.explaining.path(view.domain, view.id, facts)
    else:
        moments = (await services.explaining.instant(view.domain, view.id, at),)
    saying = sentences(services, view.provider, call.language)
    words = _words(services, view.provider, call.language)
    why = saying.why(facts)
    return s.ExplanationOut(
        contact=view.id,
        language=call.language,
        path=why if may_see_contact(call.who, view) else tuple(mask_text(line) for line in why),
        moments=tuple(shown(moment, saying, words) for moment in moments),
    )


def instant_of(text: str) -> Micros:
    """Raises Invalid for what is no instant with an offset. A plus sign that nobody escaped arrives as a space."""
    try:
        found = dt.datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Invalid("an instant with its offset, like 2026-11-22T09:00:03+08:00", field="at")
    return to_micros(found)


def shown(moment: Moment, saying: Explanation, words: MomentWords) -> s.MomentOut:
    explained, because = moment.explained, moment.because
    at = rendering.instant(moment.at)
    if explained is None:
        return s.MomentOut(kind=moment.kind, at=at, seq=moment.seq, held=False, exact=moment.same)
    numbers = {reason.agent: reason.number for reason in explained.agents}
    return s.MomentOut(
        kind=moment.kind,
        at=at,
        seq=moment.seq,
        held=True,
        exact=moment.same,
        status=explained.status.value,
        view=explained.view,
        tier=tier_name(explained.tier),
        band=explained.band,
        position=explained.position,
        waited_s=explained.waited / SECOND,
        needs=dict(explained.needs),
        relaxation_step=explained.step,
        second_lease=explained.second,
        ring_step=explained.ring_step,
        phones=explained.phones,
        ringing=tuple(numbers.get(offer.agent, "") for offer in explained.offers),
        owner=numbers.get(explained.owner, ""),
        chosen=numbers.get(explained.chosen, ""),
        rule=because.rule if because is not None else "",
        why=saying.because(because) if because is not None else "",
        standing=words.standing(moment),
        reasons=_reasons(explained, words),
    )


def _reasons(explained: Explained, words: MomentWords) -> tuple[s.ReasonOut, ...]:
    return tuple(s.ReasonOut(code=each.code, why=each.why, agents=each.agents) for each in words.groups(explained))


def _words(services: Services, provider: str, language: str) -> MomentWords:
    directory = services.directory_of(provider)
    zone = ZoneInfo(directory.document.provider.time_zone)
    return MomentWords(services.texts, language, zone, lambda agent: public_number(directory, agent))
