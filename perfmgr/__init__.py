"""The Django project: settings, addresses, the queue, and the launcher that `manage.py up` is.

Importing it loads neither Django nor Celery: `manage.py` runs before either is installed.
"""
