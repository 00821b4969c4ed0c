"""The use cases of the rate limiter. Decisions never touch the database; changing policies is one transaction a call."""
