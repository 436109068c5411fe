"""The ports once more, played from files and emulators: nothing has to be attached."""
