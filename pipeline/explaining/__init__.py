"""Say what every server said, and why it kept us waiting."""
