"""What went wrong, for whoever is to find out why: the log, errors that nobody expected, sessions that were cut short,
and the report of all that. It is written to the user's own folder of logs and sent nowhere.
"""
