"""What all tests share: the plugin modules that hold their fixtures."""

pytest_plugins = [
    "campaign_pipeline_tests.browser",
    "campaign_pipeline_tests.building.household",
    "campaign_pipeline_tests.databases",
    "campaign_pipeline_tests.workplace",
    "campaign_pipeline_tests.building.direct",
    "campaign_pipeline_tests.servers.http_server",
]
