"""The use cases: what a trap and a receiver do, step by step, over ports and stores."""
