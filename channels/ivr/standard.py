"""What a caller meets when routing turns him away and his line has no flow of its own (A04, I4).

The keys are those that the texts `call.blocked.ivr`, `call.closed.ivr` and `call.overflowed.ivr` name: 1 the state of
a matter, 2 a message, 3 to be called back.
"""

from __future__ import annotations

from channels import flow as f

TOLD: f.Text = {"zh-CN": "{told}"}
ONWARD: f.Text = {
    "zh-CN": "办理进度可以在{website}查询。",
    "yue": "办理进度可以喺{website}查询。",
    "en": "You find the state of your case at {website}.",
}


def standard(languages: tuple[str, ...] = f.LANGUAGES) -> f.Flow:
    """`id` is no word that a configured flow can have."""
    return f.Flow(
        id="~standard",
        client="",
        start="why",
        languages=languages,
        nodes=(
            f.Branch(
                id="why",
                by="why",
                cases={"ivr": "choices", "callback": "callback"},
                otherwise="voicemail",
            ),
            f.Menu(
                id="choices",
                text=TOLD,
                keys={"1": "progress", "2": "message", "3": "callback"},
                otherwise="callback",
                retries=1,
            ),
            f.Web(id="progress", text=ONWARD, next="bye"),
            f.Callback(id="callback", otherwise="message"),
            f.Voicemail(id="voicemail"),
            f.Voicemail(id="message"),
            f.HangUp(id="bye"),
        ),
    )
