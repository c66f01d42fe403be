"""EMR's semantics over plain data: clusters, steps, failure, capacity, logs, events."""
