"""Doubles of the outside world: small, strict, each request logged, faults handed in as data."""
