"""labeltool: pixel-accurate masks, drawn first by a network and finished by a person."""

__version__ = "0.1.0"
