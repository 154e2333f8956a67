"""Campaigns as Dagster's partitions.

Belongs here: the partitions definition, and making campaigns known to an instance.
Does not belong here: which campaigns exist (building.brief_file knows the folder of briefs).
"""

from collections.abc import Sequence

import dagster as dg

PARTITION_TAG = "dagster/partition"
CAMPAIGNS = "campaigns"

campaigns = dg.DynamicPartitionsDefinition(name=CAMPAIGNS)


def register(instance: dg.DagsterInstance, keys: Sequence[str]) -> None:
    """Make campaigns known to Dagster; those it knows are left alone.

    Two builds that register one new key at once collide on Dagster's unique constraint (dagster-facts, 23): whoever
    loses finds the key there, which is all that was wanted.
    """
    unknown = {key for key in keys if not instance.has_dynamic_partition(CAMPAIGNS, key)}
    if not unknown:
        return
    try:
        instance.add_dynamic_partitions(CAMPAIGNS, sorted(unknown))
    except Exception:
        if not all(instance.has_dynamic_partition(CAMPAIGNS, key) for key in unknown):
            raise
