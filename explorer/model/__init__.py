"""What the window shows and does, without Qt: state, reducer, playback and view data."""
