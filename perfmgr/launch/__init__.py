"""What `manage.py up` and `manage.py test` start: embedded PostgreSQL and Valkey, and the processes of perfmgr."""
