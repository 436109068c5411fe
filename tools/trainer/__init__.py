"""Training of the project's own detector: real frames in, a model folder out."""
