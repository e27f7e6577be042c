"""The handlers: each parses nothing, calls one service, renders."""
