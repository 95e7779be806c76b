"""What lists and the vendor's page read: a constant number of queries, however many vendors."""
