"""The synth provider: offline, deterministic music composed by rules and played by numpy.

A request is composed into a score (compose and the modules it reads), and the score is played into samples
(play and the modules it reads). Nothing here knows of loudness targets or file formats: providers.finishing does.
"""
