"""One watched host: its feeds, joined into snapshots."""
