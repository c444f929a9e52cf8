"""The shared vocabulary and shell of the four parts; it knows none of them."""

__version__ = "0.1.0"
