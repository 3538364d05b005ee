"""What `make bench-scan` measures: README.md one folder up says how."""
