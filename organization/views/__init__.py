"""The pages of the organisation. Each view: what the person may see, one form or list, one verb, one template."""
