"""Pages for a browser on the same machine: server-rendered, nothing fetched from elsewhere."""
