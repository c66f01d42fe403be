"""What would change: a bundle and the observed state become frozen, ordered actions. Pure."""
