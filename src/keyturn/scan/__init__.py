"""The hook that keeps plaintext tokens out of the repository; loads nothing heavy."""
