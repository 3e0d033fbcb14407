"""The progress of an approval request: steps, the gate, and deadlines."""
