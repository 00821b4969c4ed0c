"""Documents that a client need not send whole: by their hash, once somebody sent them, or by their id in a manifest."""
