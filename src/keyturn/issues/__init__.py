"""The issues of a tracker: what each says, and what becomes of it. It asks and writes nothing."""
