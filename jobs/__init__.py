"""Work to be done: the Job table is the truth, a Celery message only wakes a worker."""
