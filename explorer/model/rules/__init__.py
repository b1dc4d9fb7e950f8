"""What becomes of each action, one idea a file; the reducer puts them together."""
