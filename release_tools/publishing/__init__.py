"""A release and one place: what is there, what is missing, whether it may go there, and the acts that take it there."""
