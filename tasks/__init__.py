"""The operator's door: the Celery application, its jobs, and the command line."""
