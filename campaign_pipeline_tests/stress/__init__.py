"""Faults on purpose: many at once, kills, damage, outages, full disks; as samples, and whole in `make stress`."""
