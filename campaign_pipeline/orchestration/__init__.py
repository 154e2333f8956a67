"""Everything that subclasses or decorates Dagster: assets, IO managers, resources, jobs, schedules, sensors.

Belongs here: carrying runs to the pipeline and its results back to the UI.
Does not belong here: any decision about a campaign; those are made where Dagster is not known.
"""
