"""The room over REST: thin views around the verbs and selectors."""
