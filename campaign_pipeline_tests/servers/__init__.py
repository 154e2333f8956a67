"""Servers of our own on loopback that speak the vendors' shapes, faults included."""
