"""Measuring what detectors find on real camera-trap frames: what `tools/bench detect` prints comes from here."""
