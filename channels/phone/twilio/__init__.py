"""Twilio Voice, or whoever speaks its API: signed form posts in, TwiML back, REST commands out.

    Twilio ── signed form ──► door ─ verify ─ conversations ─► Intake, Dialogue (ports)
    Twilio ◄──── TwiML ─────── door ◄─ twiml ◄──┘
    Twilio ◄──── REST ──────── rest ◄─ control ◄─ send ◄── PhoneCommand (Outbound)

Pure: forms, links, twiml. Every call has one conference: the caller waits in it, the devices that ring for him are
calls of their own, and the one that answers first walks in. The page for operators is docs/telephony/twilio.md.
"""
