"""The games: one folder a template, the runtime they share, and the catalogue that reads them.

Belongs here: everything that is known about a game before a brief adds to it; the next template is a folder.
Does not belong here: what is made of a template for one campaign (skills).
"""
