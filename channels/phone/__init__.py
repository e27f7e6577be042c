"""The phone: our own dialect v1, the life of a call, and the doors and senders around them.

    platform ── signed CloudEvents ──► door ─ verify ─ dialect.translate ──► Intake (port)
    platform ◄── signed CloudEvents ── send ◄─ command.render ◄── PhoneCommand (Outbound)
              ◄── GET commands ─────── door ◄─ feed

Pure (no I/O, no clock): dialect, call, legs, signals, command, cadence. What the wiring needs:
`PhoneDoor`, `Verifier`, `PhoneSender`, `CommandFeed`, `advance` and `advance_stored`.
The page for integrators is docs/telephony/own-dialect.md.
"""
