"""The kinds of rules that a guide can define."""
