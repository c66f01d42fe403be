"""Carries a plan out: journal, act, confirm; lock, submit, follow, diagnose, cancel."""
