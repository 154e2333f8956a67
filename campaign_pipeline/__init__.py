"""From a YAML brief to a playable HTML5 marketing campaign, orchestrated by Dagster."""
