"""A day's summary as the bytes of a satellite message, and back. Pure: integers and values, no floats on the air."""
