"""What every provider's sound goes through before it is music in a campaign.

Mastered to one loudness (mastering), encoded (encoding), decoded again and measured (measures), held against what
was asked (verification), and drawn (waveform). Nothing here knows who made the sound, or for whom.
"""
