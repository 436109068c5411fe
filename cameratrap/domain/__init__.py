"""What a camera trap counts: pure values and rules. No file, no clock, no device."""
