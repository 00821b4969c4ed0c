"""What a card payment is to the provider: pure rules, no I/O."""
