"""What somebody asked to go wrong in the local AWS: the control routes and the rules that they make (docs/drills.md)."""
