"""What turns the sources into things that people read."""
