"""What leaves the simulator: mails that are sent on to a mail server."""
