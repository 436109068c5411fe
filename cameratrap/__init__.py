"""A wildlife camera trap that counts on the device and reports each day in one satellite message."""

__version__ = "0.1.0"
