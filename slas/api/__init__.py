"""REST of service levels: thin doors to the verbs."""
