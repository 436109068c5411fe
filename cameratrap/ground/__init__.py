"""The ways in: webhook bodies, DirectIP frames, e-mails and files become messages, or are refused with the reason."""
