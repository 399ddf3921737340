"""Define the data that the steps hand on."""
