"""Outside sources in, items out: what a file or a site says, never what our database holds."""
