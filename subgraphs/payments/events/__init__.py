"""The events that payments publishes and consumes; the subjects are the contract between services."""
