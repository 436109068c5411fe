"""A project in the formats that other tools of the field read; one module a format."""
