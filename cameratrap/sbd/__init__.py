"""The conversation with an Iridium SBD modem: bytes and time in, bytes and an outcome out. No port is opened here."""
