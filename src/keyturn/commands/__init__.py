"""The verbs of the command line, one file each: `run(settings) -> exit code`."""
