"""What the window needs from the machine: display, files, threads."""
