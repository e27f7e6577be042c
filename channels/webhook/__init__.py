"""Outbound webhooks: facts for those who subscribed to them, signed by Standard Webhooks."""
