"""Networks, one file each, found by entry points: a card in, a network out."""
