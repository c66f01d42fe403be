"""How a step becomes a process: one file for each engine behind one protocol."""
