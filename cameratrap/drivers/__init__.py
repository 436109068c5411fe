"""One vendor library or device a file, imported only when it was chosen."""
