"""Tests of the ports to models and of their adapters."""
