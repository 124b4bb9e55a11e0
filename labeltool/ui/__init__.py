"""The window. The only package that knows Qt; it owns nothing: state lives in ``app``."""
