"""The SQL of jobs, and nothing but. Time is the database's, in each statement that asks for it."""
