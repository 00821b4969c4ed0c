"""Deciding: batches to Valkey, denials that are remembered, and what happens while Valkey is away."""
