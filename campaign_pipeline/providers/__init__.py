"""Ports to text and audio models, and the adapters that this version ships."""
