"""L1 to L2 crosses companies: the whole matter goes to the client's complaint desk by mail, kept until it arrives.

The letter is written in the client's name and language from this case alone: nothing of other clients can be in it.
"""

from __future__ import annotations

from channels.port import SendMail
from contactcenter.clock import Micros
from contactcenter.domain.directory import Directory
from contactcenter.services.case_rows import local_time
from contactcenter.services.changes import Outgoing
from contactcenter.services.complaint_rows import Matter
from contactcenter.services.wording import Wording, in_language

FIRST_OF_CLIENT = 2
"""The first level of the ladder that belongs to the client."""


def hand_over(wording: Wording, directory: Directory, matter: Matter, *, now: Micros) -> list[Outgoing]:
    """The letter to the client's desk for the level just reached; none when the client named no address."""
    client = directory.client(matter.client)
    if matter.escalation.level < FIRST_OF_CLIENT or not client.complaint_desk:
        return []
    language = client.default_language
    boxes = [box.address for box in directory.document.mailboxes if box.client == client.id]
    sender = boxes[0] if boxes else client.complaint_desk
    key = f"handover-{matter.case}-{len(matter.escalation.history)}"
    mail = SendMail(
        id=key,
        sender=sender,
        sender_name=in_language(client.name, language),
        to=client.complaint_desk,
        subject=f"[{matter.number}] {wording.desk('desk.complaint', language, 'Complaint')} L{matter.escalation.level}",
        text=letter(wording, directory, matter, language),
        message_id=f"<{key}@{sender.rpartition('@')[2]}>",
        automatic=True,
        language=language,
    )
    return [
        Outgoing(
            id=mail.id,
            kind="mail",
            provider=matter.provider,
            client=matter.client,
            payload=mail,
            created_at=now,
            next_at=now,
            contact=matter.contact,
        )
    ]


def letter(wording: Wording, directory: Directory, matter: Matter, language: str) -> str:
    """Everything said so far, so that the customer is not asked again (B17)."""
    escalation, complaint = matter.escalation, matter.complaint

    def label(key: str) -> str:
        return wording.desk(f"desk.{key}", language, key)

    lines = [
        f"{label('case')}: {matter.number}",
        f"{label('subject')}: {matter.notes.get('summary', complaint.summary)}",
        f"{label('due')}: {local_time(directory, matter.client, escalation.accept_due)}"
        f" / {local_time(directory, matter.client, escalation.decide_due)}",
    ]
    if complaint.cause is not None:
        lines.append(f"{label('cause.' + complaint.cause)}")
    if wanted := matter.notes.get("desired_remedy"):
        lines.append(f"{label('remedy.' + wanted) if complaint.desired else wanted}")
    lines.append("")
    for rung in escalation.history:
        at = local_time(directory, matter.client, rung.at)
        lines.append(f"{at}  L{rung.level}  {label('trigger.' + rung.reason)}  {rung.note}".rstrip())
    return "\n".join(lines) + "\n"
