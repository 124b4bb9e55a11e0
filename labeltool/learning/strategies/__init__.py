"""The strategies, one module each, found through entry points (group ``labeltool.strategies``)."""
