"""The stage as tasks of Celery, for fleets that run on it already; needs ``dns01[celery]``."""
