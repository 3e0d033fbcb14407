"""How far an approval request has come, who is asked, and when they are reminded."""
