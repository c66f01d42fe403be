"""Local EMR: an AWS-compatible endpoint on the laptop that really executes steps."""
