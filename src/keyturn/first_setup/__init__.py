"""A first configuration and workflow, guessed from what a repository's workflows read."""
