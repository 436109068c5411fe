"""From pixels to named boxes: arrays in, values out. No file, no runtime."""
