"""Run steps and actions."""
