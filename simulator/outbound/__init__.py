"""What leaves the simulator: messages to participants' own systems, and mails that are sent on to a mail server."""
