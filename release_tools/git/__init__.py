"""Do everything that plain git does."""
