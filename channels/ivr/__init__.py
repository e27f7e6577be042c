"""The IVR: flows as data (channels/flow.py) run by a pure engine that emits neutral verbs (channels/verbs.py).

    platform ── Caller, Answer ──► engine ─ nodes, callback ─► Turn (a verb, or the outcome) ──► platform renders it
                                      │
                                surroundings: flows, words, hours, windows (the wiring's)

Pure: no I/O and no clock. What a platform needs: `engine.Flows`. The page for whoever writes a flow is docs/ivr.md.
"""
