"""How the death of a token shows, or is hidden: guards in workflows, faces in logs."""
