"""The commands of `campaign`, one a file.

Belongs here: arguments, exit codes, and the order in which things are told.
Does not belong here: anything that the UI or a schedule would want too (building, orchestration).
"""
