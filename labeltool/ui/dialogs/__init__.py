"""Dialogs: each says what will happen before it happens, and none blocks the window."""
