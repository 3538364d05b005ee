"""The table of token formats, in four parts; `keyturn.scan.patterns` is the whole."""
