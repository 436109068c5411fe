"""What is kept: the card's index and pictures, the outbox, and the receiver's inbox. Raw sqlite3 and files."""
