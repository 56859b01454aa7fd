"""Readers of what strangers send, run on broken and hostile bytes by the hundred thousand."""
