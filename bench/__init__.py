"""Side-by-side ratios of emrkit and its bare alternatives, from one run on one machine."""
