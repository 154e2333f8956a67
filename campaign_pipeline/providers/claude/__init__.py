"""Words and colours of a game from Claude, over the vendor's SDK."""
