"""The labelled corpus: one sample for each rule, in the settings where tokens are found."""
