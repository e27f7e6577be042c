"""What a start prints: each door's address with a line to copy that tries it."""

from __future__ import annotations

from contactcenter.wiring.service import Service
from routing import decide


def greeting(service: Service) -> str:
    """Plain text for a terminal. Tokens of the example are shown: they open nothing but the example."""
    base, (smtp_host, smtp_port), settings = service.base_url, service.smtp, service.core.settings
    if "api" not in settings.roles:
        return f"contactcenter {','.join(settings.roles)}: no doors here; health {base}/readyz, stop with Ctrl-C"
    lines = [
        "",
        f"contactcenter serves at {base}",
        f"  pages      {base}/            agent desk, wallboard, chat demo",
        f"  health     curl -s {base}/readyz",
        "  call       .venv/bin/contactcenter simulate call       (a signed webhook to "
        f"{base}/v1/phone/<source>/events)",
        f"  mail       .venv/bin/contactcenter simulate mail       (SMTP on {smtp_host}:{smtp_port})",
        f"  chat       .venv/bin/contactcenter simulate chat       or a browser: {base}/chat-demo",
        "  callback   .venv/bin/contactcenter simulate callback   (an 800-line caller who asks to be called back)",
        "  busy hour  make demo",
    ]
    if service.access is not None:
        agent, token = next(iter(sorted(service.access.agents.items())), ("", ""))
        lines += [
            f"  be agent   {base}/agent#token={token}   ({agent}; the others are in access.json)",
            f"  wallboard  {base}/wallboard#token={service.access.operator}",
            f"  queues     curl -s -H 'Authorization: Bearer {service.access.operator}' {base}/v1/queues",
        ]
    if not decide.__file__.endswith(".py"):
        lines.append("  core       compiled (make compile)")
    lines += [f"  data       {settings.data_dir}   stop with Ctrl-C", ""]
    return "\n".join(lines)
