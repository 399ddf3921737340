"""Wrap the operating system, the network and the terminal."""
