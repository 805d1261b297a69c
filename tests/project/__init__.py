"""The project itself: what is shipped, what the README says, what the commands do."""
