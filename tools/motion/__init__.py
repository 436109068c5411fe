"""Motion on the low-resolution stream: what is true, how it is drawn, and how a detector's word is scored."""
