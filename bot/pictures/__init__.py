"""From a Picture, which is plain data, to a PNG; slow to load, so only who draws imports it."""
