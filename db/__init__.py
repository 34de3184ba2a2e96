"""Every table and every query: no text for people, no rule of taste, no commit."""
